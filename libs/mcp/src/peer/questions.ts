import { isRecord } from '../wire/message.ts';

/** What a client has to declare to be asked a thing (MCP, "Client features"). */
export type ClientCapability = 'elicitation' | 'sampling' | 'roots';

/** Something only the client can tell. `Answer` is the type of what it says. */
export interface Question<Answer = unknown> {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  readonly params: Readonly<Record<string, unknown>>;
  /** For the compiler alone. */
  readonly $answer?: Answer;
}

export interface Elicited {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}
export interface Sampled {
  readonly role: string;
  readonly content: unknown;
  readonly model: string;
  readonly stopReason?: string;
}
export interface ListedRoots {
  readonly roots: readonly { readonly uri: string; readonly name?: string }[];
}

/** A flat object of texts, numbers, flags and choices (MCP, "Requested Schema"). */
export interface RequestedSchema {
  readonly type: 'object';
  readonly properties: Readonly<
    Record<string, { readonly type: string; readonly [keyword: string]: unknown }>
  >;
  readonly required?: readonly string[];
}

/** Asks the person behind the client, by a form. Never for a secret (MCP, "Elicitation"). */
export function elicit(message: string, requestedSchema: RequestedSchema): Question<Elicited> {
  return { method: 'elicitation/create', params: { message, requestedSchema } };
}

/** Asks the client's model. */
export function sample(params: { messages: readonly unknown[]; maxTokens: number; [more: string]: unknown }) {
  return { method: 'sampling/createMessage', params } satisfies Question as Question<Sampled>;
}

/** Asks for the folders that the client works in. */
export function listRoots(): Question<ListedRoots> {
  return { method: 'roots/list', params: {} };
}

export const capabilityFor: Readonly<Record<Question['method'], ClientCapability>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** Whether an answer is one to the question. It comes from a stranger, whatever was asked. */
export function isAnswer({ method, params }: Question, answer: unknown): boolean {
  if (!isRecord(answer)) return false;
  if (method === 'roots/list') return Array.isArray(answer['roots']) && answer['roots'].every(isRoot);
  if (method === 'sampling/createMessage')
    return (
      typeof answer['role'] === 'string' &&
      typeof answer['model'] === 'string' &&
      isContent(answer['content'])
    );
  const { action, content } = answer;
  if (action === 'decline' || action === 'cancel') return true;
  return action === 'accept' && fits(params['requestedSchema'] as RequestedSchema, content);
}

function isRoot(root: unknown): boolean {
  return isRecord(root) && typeof root['uri'] === 'string';
}

function isContent(content: unknown): boolean {
  return isRecord(content) || (Array.isArray(content) && content.every(isRecord));
}

function fits({ properties, required = [] }: RequestedSchema, content: unknown): boolean {
  if (!isRecord(content) || required.some((name) => content[name] === undefined)) return false;
  return Object.entries(properties).every(
    ([name, { type }]) => content[name] === undefined || isOfType(type, content[name]),
  );
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  return typeof value === type;
}
