import type { ChainSource } from './chain-source.ts';

/** Which records are wanted; all that is set must fit. */
export interface RecordFilter {
  /** Not before this time; ISO 8601. */
  since?: string | undefined;
  event?: string | undefined;
  correlationId?: string | undefined;
}

/** Gives every record that fits, chain by chain, as it stands in the journal. Checks nothing. */
export async function readRecords(
  source: ChainSource,
  filter: RecordFilter,
  take: (line: string) => void,
): Promise<void> {
  for (const chain of await source.chains()) {
    await source.read(chain, {
      line: (bytes) => {
        const line = bytes.toString('latin1');
        if (fits(line, filter)) take(line);
      },
      segmentEnd: () => {},
    });
  }
}

const TIME = /"time":"([^"]+)"/;

/** On the text: reading all of a year's records as JSON would take ten times as long. */
function fits(line: string, { since, event, correlationId }: RecordFilter): boolean {
  return (
    (event === undefined || line.includes(`"event":${JSON.stringify(event)},`)) &&
    (correlationId === undefined || line.includes(`"correlation_id":${JSON.stringify(correlationId)}`)) &&
    (since === undefined || (TIME.exec(line)?.[1] ?? '') >= since)
  );
}
