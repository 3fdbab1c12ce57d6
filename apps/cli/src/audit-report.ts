import { linesSafe, terminalSafe } from './terminal.ts';
import type { ChainReport, Finding, Report } from '#audit';

/** What `audit verify` prints: what was read, each fault, and the verdict last. */
export function describeReport(report: Report): string {
  const { source, chains, findings, findingCount, keys, entries, valid, removed } = report;
  const more = findingCount - findings.length;
  const verdict = valid
    ? `valid: ${count(entries, 'entry')} in ${count(chains.length, 'chain')}, all there, unaltered and in order`
    : `INVALID: ${count(findingCount, 'fault')} in ${count(entries, 'entry')}`;
  const lines = [
    `Audit journal in ${source}`,
    ...chains.map(describeChain),
    ...(removed
      ? [`  ${count(removed.entries, 'entry')} from before ${removed.before} removed: their time was over`]
      : []),
    `  checkpoints signed by ${keys.length === 0 ? 'nobody' : keys.join(', ')}`,
    ...findings.map(describeFinding),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    verdict,
    '',
  ];
  // Whoever has changed a journal may have written what would hide that from its reader.
  return linesSafe(lines.join('\n'));
}

function count(n: number, noun: string): string {
  if (n === 1) return `1 ${noun}`;
  return `${n} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

function describeChain({ chain, entries, segments, state, unsigned, torn }: ChainReport): string {
  const notes = [
    `${count(entries, 'entry')} in ${count(segments, 'segment')}`,
    state,
    ...(unsigned > 0 ? [`${unsigned} after the last checkpoint`] : []),
    ...(torn > 0 ? [`${torn} bytes of an entry that was never finished`] : []),
  ];
  return `  ${chain}: ${notes.join(', ')}`;
}

function describeFinding({ harm, chain, segment, line, correlationId, message }: Finding): string {
  const where = [
    chain && `chain ${chain}`,
    segment !== undefined && `segment ${segment}`,
    line !== undefined && `line ${line}`,
  ].filter(Boolean);
  const call = correlationId === undefined ? '' : ` (correlation id ${correlationId})`;
  return `  ${harm.toUpperCase()} ${where.join(', ')}: ${message}${call}`;
}

interface Shown {
  time?: string;
  severity?: string;
  event?: string;
  result?: string;
  operation?: string;
  target?: string;
  principal?: { name?: string };
  ip?: string;
  correlation_id?: string;
}

/** One entry for people; the line itself where it is no JSON. */
export function describeRecord(line: string): string {
  const record = parse(line);
  if (!record) return terminalSafe(line);
  const { time, severity, event, result, operation, target, principal, ip, correlation_id: id } = record;
  const parts = [time, severity, event, result, operation, target, principal?.name, ip, id];
  return terminalSafe(
    parts.map((part) => (part === undefined ? '-' : JSON.stringify(part).slice(1, -1))).join('  '),
  );
}

function parse(line: string): Shown | undefined {
  try {
    return JSON.parse(line) as Shown;
  } catch {
    return undefined;
  }
}
