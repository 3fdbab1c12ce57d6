import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import { CommandError, exitCodes } from '../command-error.ts';
import type { Line } from './json-lines.ts';

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

/** A line that the gateway does not take. The others may well be fine. */
export class LineRefused extends Error {}

/** Sends lines to a gateway, as fast as it wants them: all senders wait when it asks one of them to. */
export class ConversationSender {
  readonly #client: Pick<ApiClient, 'send'>;
  readonly #signal: AbortSignal;
  readonly #onWait: (seconds: number) => void;
  #notBefore = 0;

  constructor(client: Pick<ApiClient, 'send'>, signal: AbortSignal, onWait: (seconds: number) => void) {
    this.#client = client;
    this.#signal = signal;
    this.#onWait = onWait;
  }

  /**
   * Says how many chunks it became.
   * @throws LineRefused for this line, CommandError when none of the others would fare better
   */
  async send(line: Line): Promise<number> {
    const body = conversationIn(line);
    for (let attempt = 1; ; attempt++) {
      await this.#turn();
      const response = await this.#post(body, attempt);
      if (response === undefined) continue;
      const answer = await answerOf(response);
      if (response.ok) return Number(answer['chunks_created'] ?? 0);
      if (response.status === 429) {
        attempt = 0; // Being told to wait is no failure.
        this.#wait(Number(response.headers.get('retry-after') ?? 1));
      } else if (response.status >= 500 && attempt < ATTEMPTS) await this.#pause(attempt);
      else throw failureOf(response.status, answer);
    }
  }

  /** Undefined when the gateway can't be reached just now: it may be starting again. */
  async #post(body: object, attempt: number): Promise<Response | undefined> {
    try {
      return await this.#client.send('POST', '/conversations/ingest', { body });
    } catch (error) {
      const passing = error instanceof CommandError && error.exitCode === exitCodes.unreachable;
      if (!passing || attempt === ATTEMPTS) throw error;
      await this.#pause(attempt);
      return undefined;
    }
  }

  #pause(attempt: number): Promise<void> {
    return sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal: this.#signal });
  }

  #wait(seconds: number): void {
    const until = Date.now() + Math.max(seconds, 0.1) * 1_000;
    if (!(until > this.#notBefore)) return;
    this.#notBefore = until;
    this.#onWait(seconds);
  }

  async #turn(): Promise<void> {
    for (let left = 1; left > 0;) {
      this.#signal.throwIfAborted();
      left = this.#notBefore - Date.now();
      if (left > 0) await sleep(left, undefined, { signal: this.#signal });
    }
  }
}

/** A line without an id gets one from what it says, so that sending it twice does not store it twice. */
function conversationIn({ text }: Line): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LineRefused('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LineRefused('not a JSON object');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const { conversation_id: id } = value as { conversation_id?: unknown };
  return { ...value, conversation_id: id ?? `line-${digest}` };
}

async function answerOf(response: Response): Promise<Record<string, unknown>> {
  try {
    return Object(await response.json()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What is wrong with the key is wrong with all lines; anything else may be the line's own fault. */
function failureOf(status: number, { error, details }: Record<string, unknown>): Error {
  const { faults } = Object(details) as { faults?: unknown };
  const [fault] = Array.isArray(faults) ? (faults as { path?: unknown; message?: unknown }[]) : [];
  const message = typeof error === 'string' ? error : `HTTP ${status}`;
  if (status === 401 || status === 403) return new CommandError('denied', message);
  return new LineRefused(fault ? `${message}: ${String(fault.path)} ${String(fault.message)}` : message);
}
