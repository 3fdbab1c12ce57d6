import { createHmac } from 'node:crypto';
import type { Call, Principal } from '#call';
import { canonicalJson } from '#validation';
import type { CachedScope } from './cached.decorator.ts';
import type { PolicyRevision } from './policy-revision.ts';

/** What is the same for all calls of a handler. */
export interface KeyedHandler {
  /** `Class.method`: the same operation may be answered in another form at another door. */
  readonly place: string;
  readonly operation: string;
  /** Of the JSON Schema of its input. */
  readonly schemaHash: string;
  readonly scope: CachedScope;
}

export interface CallKeysOptions {
  /** 32 bytes, the same in all replicas: who sees a key can't find out by trying what was asked. */
  key: Buffer;
  policy: PolicyRevision;
  /** How answers are masked before they are kept. */
  masking: string;
}

/** The key of a call: all that its answer depends on. */
export class CallKeys {
  readonly #options: CallKeysOptions;

  constructor(options: CallKeysOptions) {
    this.#options = options;
  }

  /** Undefined where the answer is somebody's own, and nobody is known to have called. */
  of(handler: KeyedHandler, call: Call, revision: string): string | undefined {
    const holder = holderOf(handler.scope, call.principal);
    if (holder === undefined) return undefined;
    const { key, policy, masking } = this.#options;
    const { place, operation, schemaHash } = handler;
    const parts = [place, operation, schemaHash, holder, policy.current(), masking, revision];
    // One text for one list: JSON says where each part ends.
    const text = `${JSON.stringify(parts)}${canonicalJson(call.input ?? {})}`;
    return `call:${operation}:${createHmac('sha256', key).update(text).digest('base64url')}`;
  }
}

/** Whose answer it is. The role is part of the principal's: a handler may look at it, and it may change. */
function holderOf(scope: CachedScope, principal: Principal | undefined): readonly string[] | undefined {
  if (scope === 'public') return ['public'];
  if (principal === undefined) return undefined;
  const { id, role, scopes } = principal;
  const holder = scope === 'role' ? ['role', role] : ['principal', id, role];
  // A handler may show less to a credential that was given less.
  return scopes ? [...holder, 'scopes', ...[...scopes].sort()] : holder;
}
