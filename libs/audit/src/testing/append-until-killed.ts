/* A process of its own, for crash.spec.ts: appends records to the journal in a folder, and prints the number of each
   once it is promised, until it is killed. Arguments: the folder, the first number, and whether its signing key rotates
   all the time: "turning". */
import { generateKeyPairSync } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { Head } from '../chain/chain-link.ts';
import { SigningKey } from '../chain/signing-key.ts';
import { signingKeyIn } from '../chain/signing-key-file.ts';
import { JournalFolder } from '../journal/journal-folder.ts';
import { openJournal } from '../journal/open-journal.ts';
import { Succession } from '../journal/succession.ts';

const CALLERS = 32;
const STDOUT = 1;

const [dataDir = '', first = '0', turning] = process.argv.slice(2);
const options = { folder: new JournalFolder(dataDir), segmentBytes: 32 * 1024 };
const key = await signingKeyIn(dataDir);
const begin = (next: SigningKey, previous: readonly Head[]) =>
  openJournal({ ...options, key: next, previous });
const journal = new Succession(await openJournal({ ...options, key }), key, begin);

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

async function turn(): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await journal.turnTo(SigningKey.from(pem)!);
}

/** To new keys, and back to the first one. */
async function turnAgainAndAgain(): Promise<never> {
  for (let turns = 1; ; turns++) await (turns % 3 === 0 ? journal.turnTo(key) : turn());
}

if (turning !== undefined) await turn();
const calls = Array.from({ length: CALLERS }, callAgainAndAgain);
await Promise.all(turning === undefined ? calls : [turnAgainAndAgain(), ...calls]);
