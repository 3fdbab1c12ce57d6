import type { Site } from './site.ts';

export type Status = 'pass' | 'warn' | 'fail';

/** One thing that a check has looked at. */
export interface Finding {
  readonly status: Status;
  /** What is so, and why that matters where it is not well. No secret. */
  readonly text: string;
}

/** One point of the production checklist. */
export interface Check {
  readonly name: string;
  /** Where to read what to do about it: a page and its heading. */
  readonly read: string;
  /** A rejection counts as failed, with its message. */
  look(site: Site): Promise<Finding[]> | Finding[];
}

export const pass = (text: string): Finding => ({ status: 'pass', text });
export const warn = (text: string): Finding => ({ status: 'warn', text });
export const fail = (text: string): Finding => ({ status: 'fail', text });

/** What is said where nothing is wrong. */
export function orPass(findings: readonly (Finding | undefined | false)[], text: string): Finding[] {
  const found = findings.filter((finding) => finding !== undefined && finding !== false);
  return found.length > 0 ? found : [pass(text)];
}
