import type { Call } from '#call';
import { wire, type GatehouseError } from '#errors';
import { SERVER_INFO, type Era } from './era.ts';
import type { RequestId } from './message.ts';
import { serverInfo } from './server-info.ts';

/** How long, and by whom, a result may be kept (MCP 2026-07-28, "Caching"). */
export interface CacheHint {
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

/** The JSON text of a result: what a handler gave, and what the era adds to it. */
export function resultJson(result: Readonly<Record<string, unknown>>, era: Era, cache?: CacheHint): string {
  if (era.name === 'legacy') return JSON.stringify(result);
  const meta = { ...(result['_meta'] as object | undefined), [SERVER_INFO]: serverInfo };
  return JSON.stringify({ resultType: 'complete', ...cache, ...result, _meta: meta });
}

/** The JSON text of a result that asks first (MCP 2026-07-28, `InputRequiredResult`). */
export function inputRequiredJson(inputRequests: object, requestState: string): string {
  const meta = { [SERVER_INFO]: serverInfo };
  return JSON.stringify({ resultType: 'input_required', inputRequests, requestState, _meta: meta });
}

/** A response, around the JSON text of its result. */
export function resultMessage(id: RequestId, json: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`;
}

/** Resource not found, until 2025-11-25. Later revisions must not emit it. */
const LEGACY_RESOURCE_NOT_FOUND = -32002;

/** What is known of the message that an error answers. */
export interface Asked {
  readonly id: RequestId | undefined;
  /** Absent where the message was too malformed to tell. */
  readonly era: Era | undefined;
  /** The resource that was to be read. */
  readonly uri?: string | undefined;
}

/** An error response. Its id is left out where none could be read (MCP, "Error Responses"). */
export function errorMessage(error: GatehouseError, { id, era, uri }: Asked, call: Call): string {
  const isMissingResource = uri !== undefined && error.code === 'NOT_FOUND';
  const code = isMissingResource && era?.name === 'legacy' ? LEGACY_RESOURCE_NOT_FOUND : wire[error.code].rpc;
  const data = { ...(isMissingResource && { uri }), ...errorData(error, call) };
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: error.message, data } });
}

/** What every error says beside its message. That of a limit is given to the letter (ARC-25). */
export function errorData(error: GatehouseError, call: Call): Record<string, unknown> {
  if (error.code === 'RATE_LIMITED') return { ...error.details };
  return { ...error.details, code: error.code, correlation_id: call.id };
}
