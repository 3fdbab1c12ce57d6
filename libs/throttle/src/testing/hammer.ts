/* A process of its own, for processes.spec.ts: asks Valkey again and again whether one limit admits a call, and prints when
   each call that was admitted was asked for and answered, in milliseconds of the machine's clock. Arguments: the URL, the
   limit, its window, and for how long, in milliseconds. */
import { readConfig } from '#config';
import { serverAddress, StateConnection, valkeyConfig } from '#valkey';
import { ValkeyThrottleStore } from '../valkey/valkey-throttle-store.ts';

const CALLERS = 8;
const PAUSE_MS = 2;

const [url = '', max = '', windowMs = '', lifeMs = ''] = process.argv.slice(2);
const settings = readConfig(valkeyConfig, { VALKEY_URL: url });
const connection = new StateConnection({ ...settings, name: 'state', address: serverAddress(url, settings) });
await connection.open();
const store = new ValkeyThrottleStore({ connection });
const claims = [
  { limit: { id: 'client', name: 'client', max: Number(max), windowMs: Number(windowMs) }, subject: 'alice' },
];

/** The same for all processes of a machine. */
const clock = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
const end = clock() + Number(lifeMs);
const admitted: [asked: number, answered: number][] = [];
let refused = 0;

async function callAgainAndAgain(): Promise<void> {
  while (clock() < end) {
    const asked = clock();
    const { allowed } = await store.decide(claims);
    if (allowed) admitted.push([asked, clock()]);
    else refused++;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
await Promise.all(Array.from({ length: CALLERS }, callAgainAndAgain));
process.stdout.write(JSON.stringify({ admitted, refused }));
connection.close();
