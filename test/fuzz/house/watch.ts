import { callOf, Settlement, type Call, type Outcome } from '#call';
import { pipeline } from '#pipeline';
import type { CanActivate, ExecutionContext } from '@nestjs/common';

type GuardClass = { readonly name: string; readonly prototype: object };
type Settle = (this: Settlement, call: Call, outcome: Outcome) => Promise<boolean>;

const guards = pipeline
  .map(({ useClass }) => useClass as GuardClass)
  .filter(({ prototype }) => 'canActivate' in prototype);
const names = guards.map(({ name }) => name);

/** Nobody waits for what the server asks itself. */
const UNANSWERED = new Set(['mcp.stay', 'mcp.ask']);

/**
 * Sees all that happens inside: which guards each call has passed, which handlers it reached, how often it was settled,
 * and what nobody caught.
 */
export class Watch {
  readonly #faults: string[] = [];
  readonly #passed = new Map<string, string[]>();
  readonly #settled = new Map<string, number>();
  readonly #open = new Map<string, Call>();
  readonly #undo: (() => void)[] = [];

  constructor() {
    for (const guard of guards) this.#mark(guard);
    this.#count();
    for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
      const listener = (error: unknown) =>
        this.#faults.push(`${event}: ${error instanceof Error ? error.stack : String(error)}`);
      process.on(event, listener);
      this.#undo.push(() => process.off(event, listener));
    }
  }

  /** For handlers: whoever reaches one has passed all guards, in their order. */
  reached(call: Call, handler: string): void {
    if (!this.hasPassedAll(call.id)) {
      const passed = this.#passed.get(call.id)?.join(', ') ?? 'no guard';
      this.#faults.push(`${handler} was reached by a call that had passed ${passed}`);
    }
  }

  hasPassedAll(callId: string): boolean {
    const passed = this.#passed.get(callId) ?? [];
    return passed.slice(-names.length).join() === names.join();
  }

  /** How often a call was settled. */
  settlementsOf(callId: string): number {
    return this.#settled.get(callId) ?? 0;
  }

  /** Resolves when every call that has begun is settled; throws where one is not within the time. */
  async quiet(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (this.#open.size > 0) {
      if (performance.now() > until) {
        const stuck = [...this.#open.values()].map(({ operation }) => operation?.name);
        this.#open.clear();
        throw new Error(`Calls of ${stuck.join(', ')} were not settled within ${limitMs} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Throws what has gone wrong unseen, and forgets what is over. */
  check(): void {
    const twice = [...this.#settled].filter(([, times]) => times > 1);
    if (twice.length > 0) this.#faults.push(`${twice.length} calls were settled more than once`);
    this.#settled.clear();
    this.#passed.clear();
    const faults = this.#faults.splice(0);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  close(): void {
    for (const undo of this.#undo) undo();
  }

  #mark({ prototype, name }: GuardClass): void {
    const original = Object.getOwnPropertyDescriptor(prototype, 'canActivate')!;
    const decide = original.value as (this: CanActivate, context: ExecutionContext) => unknown;
    const pass = (call: Call, verdict: unknown) => {
      if (verdict === true) this.#passed.set(call.id, [...(this.#passed.get(call.id) ?? []), name]);
      return verdict;
    };
    const seen = (call: Call) => this.#seen(call);
    function canActivate(this: CanActivate, context: ExecutionContext): unknown {
      const call = callOf(context);
      seen(call);
      const verdict = decide.call(this, context);
      return verdict instanceof Promise ? verdict.then((late) => pass(call, late)) : pass(call, verdict);
    }
    this.#replace(prototype, 'canActivate', { ...original, value: canActivate });
  }

  #replace(prototype: object, method: string, by: PropertyDescriptor): void {
    const original = Object.getOwnPropertyDescriptor(prototype, method)!;
    Object.defineProperty(prototype, method, by);
    this.#undo.push(() => Object.defineProperty(prototype, method, original));
  }

  #seen(call: Call): void {
    const isAnswered = call.caller !== undefined && !UNANSWERED.has(call.operation?.name ?? '');
    if (isAnswered && !this.#settled.has(call.id)) this.#open.set(call.id, call);
  }

  #count(): void {
    const original = Object.getOwnPropertyDescriptor(Settlement.prototype, 'settle')!;
    const settle = original.value as Settle;
    const settled = (call: Call, fresh: boolean) => {
      this.#open.delete(call.id);
      if (fresh) this.#settled.set(call.id, this.settlementsOf(call.id) + 1);
      return fresh;
    };
    async function counted(this: Settlement, call: Call, outcome: Outcome): Promise<boolean> {
      return settled(call, await settle.call(this, call, outcome));
    }
    this.#replace(Settlement.prototype, 'settle', { ...original, value: counted });
  }
}
