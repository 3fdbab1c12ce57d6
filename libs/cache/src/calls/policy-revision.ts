import { hash } from 'node:crypto';
import { rulesInForce } from '#rbac';

/**
 * Which policies are in force. What was answered under one revision is not answered from the cache under another: what a
 * caller may see of an answer, and whether it may be had at all, is for the policies in force to say.
 */
export abstract class PolicyRevision {
  abstract current(): string;
}

/** What roles may do: a digest, so that replicas that go by the same rules share what they keep. */
export class RolePolicyRevision extends PolicyRevision {
  #of = -1;
  #text = '';

  current(): string {
    const { revision, grants } = rulesInForce;
    if (revision !== this.#of) {
      const rules = [...grants].map(([role, permissions]) => [role, [...permissions].sort()]);
      this.#text = hash(
        'sha256',
        JSON.stringify(rules.toSorted(([a], [b]) => (a! < b! ? -1 : 1))),
        'base64url',
      ).slice(0, 22);
      this.#of = revision;
    }
    return this.#text;
  }
}
