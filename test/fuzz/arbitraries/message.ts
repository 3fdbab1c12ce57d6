import fc, { type Arbitrary } from 'fast-check';
import { json, Raw, text } from './json.ts';

export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';
export const revisions = [MODERN, LEGACY, '2025-06-18', '2025-03-26'] as const;
const NAMESPACE = 'io.modelcontextprotocol';

/** Each method that there is, with params that are well made, or nearly so. */
const tool = (name: string, args: Arbitrary<unknown>) => ({ name: fc.constant(name), arguments: args });
const word: Arbitrary<unknown> = fc.record({ text: fc.oneof(fc.constant('hello'), json) });
const ms: Arbitrary<unknown> = fc.record({ ms: fc.oneof(fc.nat({ max: 30 }), json) });
const uri = fc.oneof(
  fc.constantFrom(
    'fuzz://rules',
    'fuzz://seats/3',
    'fuzz://seats/7',
    'fuzz://seats/%E0%A4%A',
    'conversation://x',
  ),
  text.map((rest) => `fuzz://seats/${rest}`),
);
const cursor = { cursor: fc.oneof(fc.constant(undefined), text) };
const ref = fc.oneof(
  fc.record({ type: fc.constant('ref/prompt'), name: fc.oneof(fc.constant('greet'), json) }),
  fc.record({ type: fc.constant('ref/resource'), uri: fc.oneof(fc.constant('fuzz://seats/{number}'), json) }),
  json,
);
const taskId = fc.oneof(fc.uuid(), text);
const answers = fc.oneof(
  fc.constant({ person: { action: 'accept', content: { name: 'Ann' } } }),
  fc.dictionary(fc.constantFrom('person', '__proto__', 'other'), json),
);

type Fields = Record<string, Arbitrary<unknown>>;
const wellKnown: readonly (readonly [method: string, params: Fields])[] = [
  ['tools/call', tool('echo', word)],
  ['tools/call', tool('zone', fc.record({ region: fc.oneof(fc.constant('eu'), json), zone: json }))],
  ['tools/call', tool('crash', fc.constant(undefined))],
  ['tools/call', tool('crash_later', fc.constant({}))],
  ['tools/call', tool('wait', ms)],
  ['tools/call', { ...tool('ask', fc.constant({ text: 'a' })), inputResponses: answers }],
  ['tools/call', tool('later', ms)],
  ['tools/call', tool('vault', json)],
  ['tools/call', { name: text, arguments: json }],
  ['tools/list', cursor],
  ['resources/list', cursor],
  ['resources/templates/list', cursor],
  ['prompts/list', cursor],
  ['resources/read', { uri }],
  ['resources/subscribe', { uri }],
  ['resources/unsubscribe', { uri }],
  ['prompts/get', { name: fc.oneof(fc.constant('greet'), text), arguments: word }],
  ['completion/complete', { ref, argument: fc.oneof(fc.constant({ name: 'text', value: '' }), json) }],
  ['logging/setLevel', { level: fc.oneof(fc.constantFrom('debug', 'error'), json) }],
  [
    'subscriptions/listen',
    {
      notifications: fc.oneof(fc.constant({ resourceSubscriptions: ['fuzz://rules'], taskIds: ['a'] }), json),
    },
  ],
  ['server/discover', {}],
  ['ping', {}],
  [
    'initialize',
    {
      protocolVersion: fc.oneof(fc.constantFrom(...revisions), json),
      capabilities: fc.oneof(fc.constant({ elicitation: {} }), json),
      clientInfo: fc.oneof(fc.constant({ name: 'fuzz', version: '1' }), json),
    },
  ],
  ['tasks/get', { taskId }],
  ['tasks/update', { taskId, inputResponses: answers }],
  ['tasks/cancel', { taskId }],
  ['notifications/cancelled', { requestId: json, reason: text }],
  ['notifications/initialized', {}],
  ['notifications/progress', { progressToken: json, progress: json }],
];

const id = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(fc.integer(), fc.string(), fc.uuid()) },
  { weight: 1, arbitrary: json },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      new Raw('1.0'),
      new Raw('9007199254740993'),
      new Raw('-0'),
      'ask-1',
      '__proto__',
    ),
  },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

const capabilities = fc.oneof(
  fc.constant({ elicitation: {}, extensions: { [`${NAMESPACE}/tasks`]: {} } }),
  fc.constant({}),
  json,
);

/** What a message says of itself, and of what it was told before. */
function metaOf(revision: string): Arbitrary<unknown> {
  const own = {
    [`${NAMESPACE}/clientCapabilities`]: capabilities,
    [`${NAMESPACE}/logLevel`]: fc.constantFrom(undefined, 'debug', 'nope'),
    progressToken: fc.oneof(fc.constant(undefined), fc.integer(), json),
  };
  if (revision !== MODERN) return fc.oneof(fc.constant(undefined), fc.record({ progressToken: json }));
  return fc.record({ [`${NAMESPACE}/protocolVersion`]: fc.constant(revision), ...own });
}

const extras: Fields = {
  requestState: fc.oneof(text, fc.constant('0a1b2c3d.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), json),
  inputResponses: json,
  task: json,
  cursor: json,
  uri: json,
  name: json,
  arguments: json,
};

/** A message of an era, nearly as a client would write it. */
function likely(revision: string): Arbitrary<Record<string, unknown>> {
  return fc.constantFrom(...wellKnown).chain(([method, params]) =>
    fc
      .tuple(
        id,
        fc.record(params),
        metaOf(revision),
        fc.oneof(
          { weight: 3, arbitrary: fc.constant({}) },
          { weight: 1, arbitrary: fc.record(extras, { requiredKeys: [] }) },
        ),
      )
      .map(([own, well, meta, more]) => ({
        jsonrpc: '2.0',
        id: own,
        method,
        params: { ...well, ...more, _meta: meta },
      })),
  );
}

const responses = fc.record(
  { jsonrpc: fc.constant('2.0'), id: fc.oneof(fc.constant('ask-1'), json), result: json, error: json },
  { requiredKeys: ['jsonrpc'] },
);

/** Anything that has the fields of a message. */
const unlikely = fc.record(
  {
    jsonrpc: fc.oneof(fc.constant('2.0'), json),
    id: json,
    method: fc.oneof(fc.constantFrom(...wellKnown.map(([method]) => method)), json),
    params: json,
    result: json,
    error: json,
  },
  { requiredKeys: [] },
);

export interface Envelope {
  readonly revision: string;
  /** Written down by `jsonOf`. */
  readonly message: unknown;
}

/** Any JSON, any JSON-RPC-like message, and messages that are nearly right, of one revision. */
export const envelope: Arbitrary<Envelope> = fc.constantFrom(...revisions).chain((revision) =>
  fc.record({
    revision: fc.constant(revision),
    message: fc.oneof(
      { weight: 8, arbitrary: likely(revision) },
      { weight: 2, arbitrary: unlikely },
      { weight: 1, arbitrary: responses },
      { weight: 1, arbitrary: json },
      { weight: 1, arbitrary: fc.array(likely(revision), { maxLength: 3 }) },
    ),
  }),
);
