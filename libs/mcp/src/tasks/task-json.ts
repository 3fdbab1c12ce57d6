import type { Call } from '#call';
import { wire, type GatehouseError } from '#errors';
import { modernEra, SERVER_INFO } from '../wire/era.ts';
import { errorData } from '../wire/json-rpc.ts';
import { serverInfo } from '../wire/server-info.ts';
import type { Task } from './task.ts';

/** `Task` of the tasks extension. */
function shown(task: Task, pollIntervalMs: number) {
  const { id, status, statusMessage, createdAt, updatedAt, expiresAt } = task;
  return {
    taskId: id,
    status,
    statusMessage,
    createdAt: createdAt.toISOString(),
    lastUpdatedAt: updatedAt.toISOString(),
    ttlMs: expiresAt.getTime() - createdAt.getTime(),
    pollIntervalMs,
  };
}

/** `CreateTaskResult`. */
export function createdTaskJson(task: Task, pollIntervalMs: number): string {
  const meta = { [SERVER_INFO]: serverInfo };
  return JSON.stringify({ resultType: 'task', ...shown(task, pollIntervalMs), _meta: meta });
}

/** `GetTaskResult`: the result and the error stand in it as they were kept. */
export function detailedTaskJson(task: Task, pollIntervalMs: number): string {
  const head = JSON.stringify(shown(task, pollIntervalMs)).slice(0, -1);
  return `${head}${payloadOf(task)}${modernEra.closing}`;
}

/** The same as the params of `notifications/tasks`. */
export function detailedTask(task: Task, pollIntervalMs: number): Readonly<Record<string, unknown>> {
  const payload = payloadOf(task);
  const parsed = payload === '' ? {} : (JSON.parse(`{${payload.slice(1)}}`) as object);
  return { ...shown(task, pollIntervalMs), ...parsed };
}

function payloadOf({ status, outcome, questions }: Task): string {
  if (status === 'completed') return `,"result":${outcome}`;
  if (status === 'failed') return `,"error":${outcome}`;
  return status === 'input_required' ? `,"inputRequests":${JSON.stringify(questions)}` : '';
}

/** The JSON-RPC error that a failed task shows. */
export function taskErrorJson(error: GatehouseError, call: Call): string {
  const { rpc: code } = wire[error.code];
  return JSON.stringify({ code, message: error.message, data: errorData(error, call) });
}
