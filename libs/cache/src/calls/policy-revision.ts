/**
 * Which policies are in force. What was answered under one revision is not answered from the cache under another: what a
 * caller may see of an answer, and whether it may be had at all, is for the policies in force to say.
 */
export abstract class PolicyRevision {
  abstract current(): string;
}

/** As long as there are none. */
export class NoPolicies extends PolicyRevision {
  current(): string {
    return 'none';
  }
}
