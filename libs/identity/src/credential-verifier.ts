import { Injectable } from '@nestjs/common';
import type { Call, Principal } from '#call';
import { Authority, Authorities } from './authority.ts';
import { AuthenticationBudget } from './authentication-budget.ts';
import { tooManyFailures } from './too-many-failures.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { KeyUsage } from './key-usage.ts';
import { Pepper } from './pepper.ts';
import { refusals } from './refusals.ts';
import { Verdicts, type Question } from './verdicts.ts';
import type { Proven, Refused, Verdict } from './verdict.ts';

const USE_NOTED_EVERY_MS = 60_000;

/** Says whose credential a token is. What is known is answered at once, without a promise: that is the way of nearly all calls. */
@Injectable()
export class CredentialVerifier {
  constructor(
    private readonly verdicts: Verdicts,
    private readonly authorities: Authorities,
    private readonly configured: ConfiguredAdmin,
    private readonly budget: AuthenticationBudget,
    private readonly usage: KeyUsage,
    pepper: Pepper,
  ) {
    // What was unknown under the pepper before may be known under this one.
    pepper.onChange(() => verdicts.reconsider());
    configured.onChange(() => {
      verdicts.forget(ConfiguredAdmin.principal.keyId);
      verdicts.reconsider();
    });
  }

  /** @throws CredentialUnknown, CredentialInvalid, CredentialExpired; GatehouseError RATE_LIMITED, UNAVAILABLE */
  verify(token: string, call: Call): Principal | Promise<Principal> {
    const name = this.verdicts.nameOf(token);
    const verdict = this.verdicts.recall(name, token) ?? this.#configured(name, token);
    if (verdict) return this.#conclude(verdict, call);
    const competent = this.authorities.competentFor(token);
    if (competent instanceof Authority) return this.#lookUp({ name, token, authority: competent }, call);
    const { credential, form } = competent;
    return refuse({ proven: false, credential, reason: form, keyId: undefined, askedAt: 0 }, call);
  }

  #configured(name: string, token: string): Verdict | undefined {
    const proven = this.configured.prove(token);
    if (proven) this.verdicts.remember(name, proven);
    return proven;
  }

  async #lookUp(question: Question, call: Call): Promise<Principal> {
    const guess = !this.verdicts.expects(question.name);
    if (guess) await this.#takeTry(call);
    let failed = false;
    try {
      const verdict = await this.verdicts.ask(question);
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
    const { credential, principal, expiresAt, usedAt } = proven;
    const now = Date.now();
    if (now >= expiresAt) {
      note(call, 'expired', principal.keyId);
      throw refusals[credential].expired();
    }
    if (now - usedAt >= USE_NOTED_EVERY_MS) {
      proven.usedAt = now;
      this.usage.note(principal.keyId, new Date(now));
    }
    return principal;
  }
}

function refuse({ credential, reason, keyId }: Refused, call: Call): never {
  note(call, reason, keyId);
  throw refusals[credential].unknown();
}

/** For the audit trail only: a stranger does not learn which of these it was. */
function note(call: Call, credential: string, keyId: string | undefined): void {
  call.note('credential', credential);
  if (keyId) call.note('key_id', keyId);
}
