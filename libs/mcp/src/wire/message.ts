import { GatehouseError } from '#errors';

export type RequestId = string | number;
/** Of an id, and of a token: each is said again with all that belongs to it. */
const MOST_ID_CHARACTERS = 512;
const ID_SHAPE = `a text of ${MOST_ID_CHARACTERS} characters at most, or a whole number`;

export type Params = Readonly<Record<string, unknown>>;

/** A JSON-RPC 2.0 request; a notification, which nobody answers, has no id. */
export interface Message {
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: Params;
  readonly meta: Params | undefined;
}

/** The message in a JSON value. Throws INVALID_REQUEST for all that is not exactly one request or notification. */
export function readMessage(value: unknown): Message {
  if (Array.isArray(value)) throw invalid('JSON-RPC batches are not accepted: send one message at a time');
  if (!isRecord(value)) throw invalid('A JSON-RPC message is an object');
  const { jsonrpc, id, method, params = {} } = value;
  if (jsonrpc !== '2.0') throw invalid('jsonrpc must be "2.0"');
  if (typeof method !== 'string') {
    throw invalid(isResponse(value) ? 'A response to nothing that was asked' : 'method must be a text');
  }
  if (id !== undefined && !isRequestId(id)) throw invalid(`id must be ${ID_SHAPE}`);
  if (!isRecord(params)) throw invalid('params must be an object');
  const meta = params['_meta'];
  if (meta !== undefined && !isRecord(meta)) throw invalid('params._meta must be an object');
  const token = meta?.['progressToken'];
  if (typeof token === 'string' && !isRequestId(token)) throw invalid(`progressToken must be ${ID_SHAPE}`);
  return { id, method, params, meta };
}

/** The id that an answer to a malformed message may carry: its own where it can be read, else none. */
export function readableId(value: unknown): RequestId | undefined {
  return isRecord(value) && typeof value['method'] === 'string' && isRequestId(value['id'])
    ? value['id']
    : undefined;
}

/** A JSON object: no array, no null. */
export function isRecord(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whole numbers up to 2^53 - 1: beyond, the id that is sent back would not be the one that came. */
function isRequestId(id: unknown): id is RequestId {
  return typeof id === 'string' ? id.length <= MOST_ID_CHARACTERS : Number.isSafeInteger(id);
}

/** An answer to what a server has asked: clients of 2025 send such. */
export function isResponse(value: unknown): value is Params {
  return isRecord(value) && value['method'] === undefined && ('result' in value || 'error' in value);
}

function invalid(message: string): GatehouseError {
  return new GatehouseError('INVALID_REQUEST', message);
}
