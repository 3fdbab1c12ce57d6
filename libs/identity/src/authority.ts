import { Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import type { CredentialKind, Verdict } from './verdict.ts';

/** What a presented text looks like, before anybody is asked: `mistyped` has the shape of a credential and is none. */
export type CredentialForm = 'well-formed' | 'mistyped' | 'foreign';

/** Says whose a credential of one kind is. What it said counts for a second at most, so that a revocation does too. */
export abstract class Authority {
  abstract readonly credential: CredentialKind;

  /** Looks at the text alone. Takes as long for a good one as for a bad one of that length. */
  abstract formOf(token: string): CredentialForm;

  /**
   * @param askedAt milliseconds of `performance.now()`, for the verdict
   * Rejects when nobody can say at the moment: then nobody is let in.
   */
  abstract judge(token: string, askedAt: number): Promise<Verdict>;

  /** Whether it was this one that has proven a principal. */
  abstract vouchesFor(principal: Principal): boolean;

  /** How one that it has proven before stands now, where there is no credential to show any more. */
  abstract renew(principal: Principal, askedAt: number): Promise<Verdict>;

  /** Which of the credentials that it has proven, by their `keyId`, may be good no more. None where it can't ask about many at once. */
  async doubtful(_keyIds: readonly string[]): Promise<readonly string[]> {
    return [];
  }
}

/** All who can say whose a credential is. Each adds itself when the program starts. */
@Injectable()
export class Authorities {
  readonly #all: Authority[] = [];

  add(authority: Authority): void {
    this.#all.push(authority);
  }

  /** Whoever is to be asked about a token, or of what kind a text is that nobody has to be asked about. */
  competentFor(token: string): Authority | { credential: CredentialKind; form: 'mistyped' | 'foreign' } {
    let credential: CredentialKind = 'key';
    let form: 'mistyped' | 'foreign' = 'foreign';
    for (const authority of this.#all) {
      const found = authority.formOf(token);
      if (found === 'well-formed') return authority;
      if (found === 'mistyped') ({ credential, form } = { credential: authority.credential, form: found });
    }
    return { credential, form };
  }

  vouchingFor(principal: Principal): Authority | undefined {
    return this.#all.find((authority) => authority.vouchesFor(principal));
  }
}
