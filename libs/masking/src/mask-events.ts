import { maskValue } from './mask-value.ts';
import type { Masking } from './masking.ts';
import { RunningText } from './running-text.ts';

interface StreamedEvent {
  readonly event: string;
  readonly data: unknown;
}
type Part = StreamedEvent | string;

/**
 * Masks what a handler streams: events, or pieces of text. Consecutive events of one name whose data is a text, or has a `text`,
 * are pieces of one running text; any other is masked for itself.
 */
export async function* maskEvents(parts: AsyncIterable<unknown>, masking: Masking): AsyncGenerator {
  let running: { text: RunningText; last: Part } | undefined;
  const rest = (): Part[] => {
    const text = running?.text.end() ?? '';
    const last = running?.last;
    running = undefined;
    return text === '' || last === undefined ? [] : [withPiece(last, text)];
  };
  try {
    for await (const part of parts as AsyncIterable<Part>) {
      const piece = pieceOf(part);
      if (piece === undefined || (running && nameOf(running.last) !== nameOf(part))) yield* rest();
      if (piece === undefined) {
        yield maskValue(part, masking.mask);
        continue;
      }
      running = { text: running?.text ?? new RunningText(masking), last: part };
      const leaving = running.text.add(piece);
      if (leaving !== '') yield withPiece(part, leaving);
    }
  } catch (error) {
    // What was said before the failure is not lost.
    yield* rest();
    throw error;
  }
  yield* rest();
}

function nameOf(part: Part): string | undefined {
  return typeof part === 'string' ? undefined : part.event;
}

function pieceOf(part: Part): string | undefined {
  const data = typeof part === 'string' ? part : part?.data;
  if (typeof data === 'string') return data;
  const { text } = (data ?? {}) as { text?: unknown };
  return typeof text === 'string' ? text : undefined;
}

function withPiece(part: Part, text: string): Part {
  if (typeof part === 'string') return text;
  const { data } = part;
  return { ...part, data: typeof data === 'string' ? text : { ...(data as object), text } };
}
