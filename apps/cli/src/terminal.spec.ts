import { describe, expect, it } from 'vitest';
import type { Report } from '#audit';
import { describeRecord, describeReport } from './audit-report.ts';
import { tableOf } from './table.ts';

/** Of these JSON escapes the first alone: CSI of 8-bit terminals, DEL, and what turns a line around. */
const HOSTILE = '\u001b[2J\u009b2J\u007f\u202e\u200f';
// oxlint-disable-next-line no-control-regex
const COMMANDS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200f\u202e]/;

const report: Report = {
  valid: false,
  source: 'files',
  chains: [],
  entries: 1,
  findings: [
    { harm: 'altered', chain: `c${HOSTILE}`, correlationId: HOSTILE, message: 'entry 1 was altered' },
  ],
  findingCount: 1,
  keys: [],
  removed: null,
} as unknown as Report;

describe('what others have written', () => {
  it.each([
    ['in an entry of the audit journal', () => describeRecord(JSON.stringify({ target: HOSTILE }))],
    ['in a line that is no entry', () => describeRecord(HOSTILE)],
    ['in a journal that was changed', () => describeReport(report)],
    ['in a table', () => tableOf([['NAME'], [`agent${HOSTILE}\nadmin`]])],
  ])('commands no terminal %s', (_, text) => {
    expect(text()).not.toMatch(COMMANDS);
  });

  it('keeps to its row of a table', () => {
    expect(tableOf([['NAME'], ['one\ntwo']])).toBe('NAME\none\ufffdtwo\n');
  });

  it('leaves the lines of a report as they are', () => {
    expect(describeReport(report).split('\n')).toHaveLength(5);
  });
});
