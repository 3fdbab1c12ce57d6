import { allowed, Call, type Operation } from '#call';
import { GatehouseError } from '#errors';
import { isRecord, type Params } from '../wire/message.ts';
import { AskingPeer } from './asking-peer.ts';
import { McpPeer } from './mcp-peer.ts';
import { capabilityFor, isAnswer, type ClientCapability, type Question } from './questions.ts';

/** What the server asks of a client is a call too, the other way round, with a record of its own. */
const ASKED: Operation = Object.freeze({ name: 'mcp.ask', permission: 'mcp:use', event: 'client_asked' });

type Questions = Readonly<Record<string, Question>>;
type AnswersTo<Q extends Questions> = { readonly [K in keyof Q]: Q[K] extends Question<infer A> ? A : never };

/**
 * Asks the client, or the person behind it, before a tool, a prompt or a resource answers. The names of the questions
 * are this handler's own, and each is used once.
 *
 * A client of 2025 is asked on the stream of its request, and the handler waits. A client of 2026-07-28 gets the
 * questions as the result and calls again with the answers: the handler then runs from its beginning, and what was
 * answered is there at once. So a handler does nothing that must not be done twice before its last question.
 *
 * Throws CAPABILITY_MISSING where the client can't be asked this, UPSTREAM_FAILED where it does not answer.
 */
export async function ask<const Q extends Questions>(call: Call, questions: Q): Promise<AnswersTo<Q>> {
  const { peer } = call;
  call.asked = true;
  if (!(peer instanceof AskingPeer))
    throw missing(Object.values(questions).map(({ method }) => capabilityFor[method]));
  const answers =
    peer instanceof McpPeer && peer.received.era.name === 'legacy'
      ? await overTheSession(peer, questions)
      : inTheResult(peer, questions);
  return answers as AnswersTo<Q>;
}

/** Whether the client of a call has declared that it can be asked such things. */
export function clientCan(call: Call, capability: ClientCapability): boolean {
  return call.peer instanceof AskingPeer && isRecord(call.peer.declared[capability]);
}

function inTheResult(peer: AskingPeer, questions: Questions): Params {
  const { given } = peer;
  const open: Record<string, Question> = {};
  for (const [name, question] of Object.entries(questions)) {
    const answer = answerIn(given, name);
    if (isAnswer(question, answer)) peer.answered[name] = answer;
    else open[name] = question;
  }
  const left = Object.values(open);
  if (left.length === 0) return peer.answered;
  requireCapabilities(peer, left);
  peer.call.note('asked', left.map(({ method }) => method).join(' '));
  throw peer.pauseFor(open);
}

async function overTheSession(peer: McpPeer, questions: Questions): Promise<Params> {
  requireCapabilities(peer, Object.values(questions));
  const named = Object.entries(questions);
  const over = new AbortController();
  const signal = AbortSignal.any([peer.call.signal, over.signal]);
  try {
    const answers = await Promise.all(named.map(([, question]) => askOne(peer, question, signal)));
    return Object.fromEntries(named.map(([name], index) => [name, answers[index]]));
  } finally {
    // Where one was refused, nobody waits for the others: they must not take the place of other questions.
    over.abort(new GatehouseError('CANCELLED', 'Another question was not answered'));
  }
}

async function askOne(peer: McpPeer, question: Question, signal: AbortSignal): Promise<unknown> {
  const { call, received, answerTimeoutMs } = peer;
  const { session, exchange } = received;
  const channel = session && peer.channel;
  if (!session || !channel) throw missing([capabilityFor[question.method]]);
  const asked = new Call({ door: call.door, address: call.address, authorization: undefined });
  Object.assign(asked, { principal: call.principal, operation: ASKED, target: question.method });
  asked.note('asked_by', call.id);
  // No question leaves before its record is safe.
  await exchange.record?.(asked, allowed(asked, 200));
  const answer = await session.ask(peer.masked(question), { channel, signal, timeoutMs: answerTimeoutMs });
  if (!isAnswer(question, answer))
    throw new GatehouseError('UPSTREAM_FAILED', 'The client gave no such answer');
  return answer;
}

function requireCapabilities({ declared }: AskingPeer, questions: readonly Question[]): void {
  const lacking = questions
    .map(({ method }) => capabilityFor[method])
    .filter((one) => !isRecord(declared[one]));
  if (lacking.length > 0) throw missing(lacking);
}

/** MCP 2026-07-28, `MissingRequiredClientCapabilityError`. */
function missing(capabilities: readonly ClientCapability[]): GatehouseError {
  const names = [...new Set(capabilities)];
  return new GatehouseError('CAPABILITY_MISSING', `The client has to support: ${names.join(', ')}`, {
    details: { requiredCapabilities: Object.fromEntries(names.map((name) => [name, {}])) },
  });
}

function answerIn(given: readonly (Params | undefined)[], name: string): unknown {
  return given.find((values) => values !== undefined && Object.hasOwn(values, name))?.[name];
}
