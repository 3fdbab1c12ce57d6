import type { Selectable } from 'kysely';
import type { Door, Permission, Principal } from '#call';
import type { Tables } from '#persistence';
import type { Question } from '../peer/questions.ts';
import type { Params } from '../wire/message.ts';

/** Tasks extension, "Task Status". The last three are final. */
export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

export type Questions = Readonly<Record<string, Question>>;

/** One call of a tool that goes on after its answer. */
export interface Task {
  readonly id: string;
  /** Whose it is, as it was when it called. */
  readonly principal: Principal;
  readonly tool: string;
  /** Correlation id of the call that made it, the door at which that came in, and the address that it came from. */
  readonly callId: string;
  readonly door: Door;
  readonly address: string;
  /** What its client has declared that it can do. */
  readonly capabilities: Params;
  readonly input: Params;
  readonly answers: Params;
  /** What waits for an answer. */
  readonly questions: Questions;
  readonly status: TaskStatus;
  readonly statusMessage: string | undefined;
  /** JSON text of the result, or of the error; empty before its end. */
  readonly outcome: string;
  /** Which run of it this is: only the last one may write. */
  readonly run: number;
  /** The run before this one ended with its process, and how often that was so. */
  readonly interrupted: boolean;
  readonly interruptions: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly expiresAt: Date;
}

export function hasEnded({ status }: Task): boolean {
  return status !== 'working' && status !== 'input_required';
}

export function taskOf(row: Selectable<Tables['tasks']>): Task {
  return {
    id: row.id,
    principal: principalOf(row.principal),
    tool: row.tool,
    callId: row.call_id,
    door: row.door as Door,
    address: row.address,
    capabilities: jsonOf(row.capabilities),
    input: jsonOf(row.input),
    answers: jsonOf(row.answers),
    questions: jsonOf(row.questions) as Questions,
    status: row.status as TaskStatus,
    statusMessage: row.status_message ?? undefined,
    outcome: row.outcome ?? '',
    run: row.run,
    interrupted: row.interrupted,
    interruptions: row.interruptions,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    expiresAt: row.expires_at,
  };
}

/** With its scopes, which are a Set, and would become nothing. */
export function principalJson({ scopes, ...principal }: Principal): string {
  return JSON.stringify({ ...principal, ...(scopes && { scopes: [...scopes] }) });
}

function principalOf(text: string): Principal {
  const { scopes, ...principal } = JSON.parse(text) as Omit<Principal, 'scopes'> & { scopes?: Permission[] };
  return { ...principal, ...(scopes && { scopes: new Set(scopes) }) };
}

function jsonOf(text: string | null): Params {
  return text === null ? {} : (JSON.parse(text) as Params);
}

/** A text as PostgreSQL can keep it. A tool may say again what its caller has sent. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
