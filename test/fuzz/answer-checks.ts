import {
  CallToolResultSchema,
  CompleteResultSchema,
  DiscoverResultSchema,
  EmptyResultSchema,
  GetPromptResultSchema,
  InitializeResultSchema,
  JSONRPCErrorResponseSchema,
  JSONRPCMessageSchema,
  JSONRPCResultResponseSchema,
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
  ReadResourceResultSchema,
} from '@modelcontextprotocol/core';

type Schema = { safeParse(value: unknown): { success: boolean; error?: unknown } };

/** What the official package says that each method answers. */
const results: Readonly<Record<string, Schema>> = {
  'tools/call': CallToolResultSchema,
  'tools/list': ListToolsResultSchema,
  'resources/list': ListResourcesResultSchema,
  'resources/templates/list': ListResourceTemplatesResultSchema,
  'resources/read': ReadResourceResultSchema,
  'resources/subscribe': EmptyResultSchema,
  'prompts/list': ListPromptsResultSchema,
  'prompts/get': GetPromptResultSchema,
  'completion/complete': CompleteResultSchema,
  'server/discover': DiscoverResultSchema,
  initialize: InitializeResultSchema,
  ping: EmptyResultSchema,
};

const INTERNALS =
  /hunter2|\/srv\/|node_modules|\/libs\/|\/apps\/|\.[jt]s:\d|file:\/\/|\n\s+at |select \* from|insert into|syntax error at|(Type|Range|Reference|Syntax)Error|is not a function|cannot read prop|of undefined|of null/i;

export interface Response {
  readonly id?: string | number;
  readonly result?: {
    readonly isError?: boolean;
    readonly resultType?: string;
    readonly [field: string]: unknown;
  };
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Record<string, unknown>;
  };
}

/** What was sent, as far as it can be read. */
export interface Sent {
  /** Of a request that must be answered with it. */
  readonly id: string | number | undefined;
  readonly method: string | undefined;
  /** A well-made notification. */
  readonly silent: boolean;
}

/** Reads a message as any JSON parser would; nothing of one that is no JSON. */
export function sentIn(json: string): Sent {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { id: undefined, method: undefined, silent: false };
  }
  const {
    id,
    method,
    jsonrpc,
    params = {},
  } = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}) as Record<
    string,
    unknown
  >;
  const isText = typeof method === 'string';
  const readable = isText && (typeof id === 'string' || Number.isSafeInteger(id));
  return {
    id: readable ? (id as string | number) : undefined,
    method: isText ? method : undefined,
    silent: isText && id === undefined && jsonrpc === '2.0' && typeof params === 'object' && params !== null,
  };
}

/** One message that came in answer to another: what it must be whatever was asked. */
export function checkResponse(response: unknown, { id, method }: Sent): asserts response is Response {
  const { result, error, ...rest } = response as Response;
  const schema = error ? JSONRPCErrorResponseSchema : JSONRPCResultResponseSchema;
  if (!(schema as Schema).safeParse(response).success) fail('is no JSON-RPC response', response);
  if (rest.id !== undefined && !Object.is(rest.id, id) && rest.id !== id)
    fail(`has another id than ${String(id)}`, response);
  if (result !== undefined && rest.id === undefined) fail('is a result without an id', response);
  if (error) checkNothingInternal(error);
  if (result?.isError) checkNothingInternal({ message: JSON.stringify(result['content']) });
  const isComplete = result !== undefined && (result.resultType ?? 'complete') === 'complete';
  const expected =
    isComplete && method !== undefined && Object.hasOwn(results, method) ? results[method] : undefined;
  if (expected && !expected.safeParse(result).success) fail(`is no result of ${method}`, response);
}

/** What is said on a stream beside the answer. */
export function checkMessage(message: unknown): void {
  if (!(JSONRPCMessageSchema as Schema).safeParse(message).success) fail('is no JSON-RPC message', message);
}

/** What a caller has sent may come back to it: the name of a resource, a revision. All else is ours. */
function checkNothingInternal({
  message,
  data = {},
}: {
  message: string;
  data?: Record<string, unknown>;
}): void {
  const { uri: _uri, requested: _requested, ...own } = data;
  const told = `${message.replace(/_meta names .*/s, '')} ${JSON.stringify(own)}`;
  if (INTERNALS.test(told)) fail('tells something internal', told);
}

export function fail(what: string, value: unknown): never {
  throw new Error(`An answer ${what}: ${JSON.stringify(value)?.slice(0, 2000)}`);
}
