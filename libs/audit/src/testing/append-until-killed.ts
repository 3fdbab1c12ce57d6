/* A process of its own, for crash.spec.ts: appends records to the journal in a folder, and prints the number of each
   once it is promised, until it is killed. Arguments: the folder, the first number. */
import { writeSync } from 'node:fs';
import { signingKeyIn } from '../chain/signing-key-file.ts';
import { JournalFolder } from '../journal/journal-folder.ts';
import { openJournal } from '../journal/open-journal.ts';

const CALLERS = 32;
const STDOUT = 1;

const [dataDir = '', first = '0'] = process.argv.slice(2);
const journal = await openJournal({
  folder: new JournalFolder(dataDir),
  key: await signingKeyIn(dataDir),
  segmentBytes: 32 * 1024,
});

let last = Number(first);
async function callAgainAndAgain(): Promise<never> {
  for (;;) {
    const n = ++last;
    await journal.append(
      `"time":"${new Date().toISOString()}","correlation_id":"call-${n}","event":"call"`,
      undefined,
    );
    writeSync(STDOUT, `${n}\n`);
  }
}
await Promise.all(Array.from({ length: CALLERS }, callAgainAndAgain));
