import { Injectable } from '@nestjs/common';
import type { Call, Principal } from '#call';
import { CredentialExpired, CredentialUnknown } from '#errors';
import { formOf } from './api-key.ts';
import { AuthenticationBudget } from './authentication-budget.ts';
import { tooManyFailures } from './too-many-failures.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { KeyUsage } from './key-usage.ts';
import { KeyVerdicts } from './key-verdicts.ts';
import type { Proven, Refused, Verdict } from './verdict.ts';

const USE_NOTED_EVERY_MS = 60_000;

/** Says whose key a token is. What is known is answered at once, without a promise: that is the way of nearly all calls. */
@Injectable()
export class CredentialVerifier {
  constructor(
    private readonly verdicts: KeyVerdicts,
    private readonly configured: ConfiguredAdmin,
    private readonly budget: AuthenticationBudget,
    private readonly usage: KeyUsage,
  ) {
    configured.onChange(() => {
      verdicts.forget(ConfiguredAdmin.principal.keyId);
      verdicts.reconsider();
    });
  }

  /** @throws CredentialUnknown, CredentialExpired; GatehouseError RATE_LIMITED, UNAVAILABLE */
  verify(token: string, call: Call): Principal | Promise<Principal> {
    const name = this.verdicts.nameOf(token);
    const verdict = this.verdicts.recall(name, token) ?? this.#withoutStore(name, token);
    return verdict ? this.#conclude(verdict, call) : this.#lookUp(name, token, call);
  }

  #withoutStore(name: string, token: string): Verdict | undefined {
    const proven = this.configured.prove(token);
    if (proven) this.verdicts.remember(name, proven);
    if (proven) return proven;
    const form = formOf(token);
    return form === 'well-formed' ? undefined : { proven: false, reason: form, keyId: undefined, askedAt: 0 };
  }

  async #lookUp(name: string, token: string, call: Call): Promise<Principal> {
    const guess = !this.verdicts.expects(name);
    if (guess) await this.#takeTry(call);
    let failed = false;
    try {
      const verdict = await this.verdicts.ask(name, token);
      failed = !verdict.proven;
      return this.#conclude(verdict, call);
    } finally {
      if (guess && !failed) this.budget.refund(call.address);
    }
  }

  /** A flood of well-formed keys must not become a flood of queries. Keys proven lately are not held up by it. */
  async #takeTry(call: Call): Promise<void> {
    const exhausted = await this.budget.take(call.address);
    if (exhausted) throw tooManyFailures(exhausted, call);
  }

  #conclude(verdict: Verdict, call: Call): Principal {
    return verdict.proven ? this.#admit(verdict, call) : refuse(verdict, call);
  }

  #admit(proven: Proven, call: Call): Principal {
    const { principal, expiresAt, usedAt } = proven;
    const now = Date.now();
    if (now >= expiresAt) {
      note(call, 'expired', principal.keyId);
      throw new CredentialExpired();
    }
    if (now - usedAt >= USE_NOTED_EVERY_MS) {
      proven.usedAt = now;
      this.usage.note(principal.keyId, new Date(now));
    }
    return principal;
  }
}

function refuse({ reason, keyId }: Refused, call: Call): never {
  note(call, reason, keyId);
  throw new CredentialUnknown();
}

/** For the audit trail only: a stranger does not learn which of these it was. */
function note(call: Call, credential: Refused['reason'] | 'expired', keyId: string | undefined): void {
  call.note('credential', credential);
  if (keyId) call.note('key_id', keyId);
}
