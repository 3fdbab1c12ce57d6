import type { Call } from '#call';
import type { ErrorCode, GatehouseError } from '#errors';
import type { Era } from '../wire/era.ts';
import { errorData, resultJson } from '../wire/json-rpc.ts';
import type { ContentBlock } from '../wire/wire-types.ts';

/**
 * What a tool returns that wants to choose its content itself. A plain object with a mark, not a class: it stays what
 * it is when it is masked, or comes back from a cache.
 */
export interface ToolResult {
  readonly $result: 'tool';
  readonly content: readonly ContentBlock[];
  /** Must fit the schema of the tool's output. */
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  /** The tool has failed, in a way that the model should know of. */
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** Content of the tool's own choice: images, links, several parts, or a failure that the model should know of. */
export function toolResult(result: Omit<ToolResult, '$result'>): ToolResult {
  return { $result: 'tool', ...result };
}

function isToolResult(value: unknown): value is ToolResult {
  return typeof value === 'object' && value !== null && (value as Partial<ToolResult>).$result === 'tool';
}

/** The JSON text of a `tools/call` result. The value is serialised once, and stands in it as text and as structure. */
export function toolResultJson(value: unknown, era: Era): string {
  if (isToolResult(value)) {
    const { $result: _, ...result } = value;
    return resultJson(result, era);
  }
  if (value === undefined) return resultJson({ content: [] }, era);
  const json = JSON.stringify(value);
  const text = typeof value === 'string' ? json : JSON.stringify(json);
  const structured = json.startsWith('{') ? `,"structuredContent":${json}` : '';
  return `{"content":[{"type":"text","text":${text}}]${structured}${era.closing}`;
}

const TOLD_TO_THE_MODEL = new Set<ErrorCode>(['INVALID_INPUT', 'NOT_FOUND', 'CONFLICT', 'UPSTREAM_FAILED']);

/** Whether an error is one that the caller of a tool can do something about (MCP, "Error Handling"). */
export function toldToTheModel({ code }: GatehouseError): boolean {
  return TOLD_TO_THE_MODEL.has(code);
}

/** The result that tells a model what it has to do better (MCP, "Error Handling"; SEP-1303). */
export function toolErrorJson(error: GatehouseError, call: Call, era: Era): string {
  const content = [{ type: 'text', text: [error.message, ...faultsOf(error)].join('\n') }];
  return resultJson({ content, isError: true, _meta: { 'gatehouse/error': errorData(error, call) } }, era);
}

function faultsOf({ details }: GatehouseError): string[] {
  const faults = details?.['faults'];
  if (!Array.isArray(faults)) return [];
  return faults.map(({ path, message }: { path: string; message: string }) => `${path || '/'}: ${message}`);
}
