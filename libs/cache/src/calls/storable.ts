import { EventEmitter } from 'node:events';
import { EventStream } from '#call';

/** A tool's own choice of content, as libs/mcp marks it. */
interface MarkedResult {
  readonly $result?: unknown;
  readonly isError?: unknown;
}

/**
 * Whether an answer is a value that can be given again: JSON. Streams can be read once, bytes and functions are no JSON,
 * what is undefined says nothing, and a tool's failure is no result.
 */
export function isStorable(answer: unknown): boolean {
  if (answer === null) return true;
  if (typeof answer !== 'object') return ['string', 'number', 'boolean'].includes(typeof answer);
  if (answer instanceof EventStream || answer instanceof EventEmitter) return false;
  if (ArrayBuffer.isView(answer) || answer instanceof ArrayBuffer) return false;
  if (Symbol.asyncIterator in answer || 'pipe' in answer || 'subscribe' in answer) return false;
  const { $result, isError } = answer as MarkedResult;
  return !($result !== undefined && isError === true);
}
