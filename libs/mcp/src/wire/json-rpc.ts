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

export function resultMessage(id: RequestId, json: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`;
}

/** Resource not found, until 2025-11-25. Later revisions must not emit it. */
const LEGACY_RESOURCE_NOT_FOUND = -32002;

/** An error about which only public things are told. Its id is left out where none could be read (MCP, "Error Responses"). */
export function errorMessage(
  error: GatehouseError,
  { id, call, era }: { id: RequestId | undefined; call: Call; era?: Era | undefined },
): string {
  const oldNotFound =
    era?.name === 'legacy' && error.code === 'NOT_FOUND' && error.details?.['uri'] !== undefined;
  const code = oldNotFound ? LEGACY_RESOURCE_NOT_FOUND : wire[error.code].rpc;
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code, message: error.message, data: errorData(error, call) },
  });
}

/** What every error says beside its message. That of a limit is given to the letter (ARC-25). */
export function errorData(error: GatehouseError, call: Call): Record<string, unknown> {
  if (error.code === 'RATE_LIMITED') return { ...error.details };
  return { ...error.details, code: error.code, correlation_id: call.id };
}
