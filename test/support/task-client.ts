import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, GatewayClient } from './gateway-client.ts';

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const FOLLOWS = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };
const LIMIT_MS = 60_000;

/** What `tasks/get` shows. */
export interface ShownTask {
  readonly taskId: string;
  readonly status: string;
  readonly statusMessage?: string;
  readonly ttlMs: number;
  readonly inputRequests?: Record<string, { method: string; params: { message: string } }>;
  readonly result?: {
    content: { text: string }[];
    structuredContent?: Record<string, unknown>;
    isError?: boolean;
  };
  readonly error?: { code: number; message: string; data: { code: string } };
}

/** A client that can follow tasks, with a key of its own. */
export class TaskClient {
  constructor(
    readonly client: GatewayClient,
    readonly key?: string,
  ) {}

  call(name: string, input: Record<string, unknown> = {}): Promise<Answer> {
    return this.#rpc('tools/call', { name, arguments: input }, name);
  }

  /** The id of a task that a call has become. */
  async start(name: string, input: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.call(name, input);
    const { result } = answer.body as { result?: { taskId?: string } };
    if (!result?.taskId) throw new Error(`No task: ${JSON.stringify(answer.body)}`);
    return result.taskId;
  }

  ask(method: 'get' | 'update' | 'cancel', taskId: string, params: object = {}): Promise<Answer> {
    return this.#rpc(`tasks/${method}`, { taskId, ...params }, taskId);
  }

  async get(taskId: string): Promise<ShownTask> {
    const answer = await this.ask('get', taskId);
    const { result } = answer.body as { result?: ShownTask };
    if (!result) throw new Error(`No task: ${JSON.stringify(answer.body)}`);
    return result;
  }

  /** Asks until a task is as it should be. */
  async until(taskId: string, isSo: (task: ShownTask) => boolean): Promise<ShownTask> {
    const limit = Date.now() + LIMIT_MS;
    for (;;) {
      const task = await this.get(taskId);
      if (isSo(task)) return task;
      if (Date.now() > limit) throw new Error(`Still ${JSON.stringify(task)}`);
      await sleep(50);
    }
  }

  ended(taskId: string): Promise<ShownTask> {
    return this.until(taskId, ({ status }) => status !== 'working' && status !== 'input_required');
  }

  #rpc(method: string, params: Record<string, unknown>, named: string): Promise<Answer> {
    const meta = { [CAPABILITIES]: FOLLOWS };
    const { key } = this;
    return this.client.rpc(method, { ...params, _meta: meta }, { key, headers: { 'mcp-name': named } });
  }
}
