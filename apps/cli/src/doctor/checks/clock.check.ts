import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const WARN_MS = 1_000;
const FAIL_MS = 5_000;

/** Tokens, codes and signatures are good for a time, and limits count in windows: by whose clock? */
export const clockCheck: Check = {
  name: 'clock',
  read: 'docs/runbooks/service.md#clocks-differ',
  async look(site) {
    const compared = (await Promise.all([database(site), ...(await valkeys(site)), gateway(site)])).flat();
    if (compared.length === 0) return orPass([], 'there is no other clock to compare with');
    return orPass(
      compared.map(({ of, skew, within }) => judge(of, skew, within)),
      `within a second of ${compared.map(({ of }) => of).join(', ')}`,
    );
  },
};

interface Compared {
  of: string;
  /** Milliseconds that this machine is ahead, in the middle of the time that asking took. */
  skew: number;
  /** How far off that may be. */
  within: number;
}

function judge(of: string, skew: number, within: number): Finding | undefined {
  const off = Math.abs(skew) - within;
  if (off <= WARN_MS) return undefined;
  const text = `this machine's clock is ${(Math.abs(skew) / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} that of ${of}`;
  return off > FAIL_MS ? fail(text) : warn(text);
}

async function database(site: Site): Promise<Compared[]> {
  const client = await site.database();
  if (!client) return [];
  return [
    await compare(site, 'PostgreSQL', async () => {
      const { rows } = await client.query<{ ms: string }>(
        'select extract(epoch from clock_timestamp()) * 1000 as ms',
      );
      return Number(rows[0]?.ms);
    }),
  ];
}

async function valkeys(site: Site): Promise<Promise<Compared[]>[]> {
  const up = (await site.valkeys()).filter((connection) => connection.up);
  return up.map(async ({ name, client }) => [
    await compare(site, `Valkey (${name})`, async () => {
      const [seconds, micros] = await client.time();
      return Number(seconds) * 1000 + Number(micros) / 1000;
    }),
  ]);
}

/** The Date of an answer has no more than seconds (RFC 9110, 6.6.1). */
async function gateway(site: Site): Promise<Compared[]> {
  const clock = (await site.gateway())?.clock;
  if (!clock) return [];
  return [{ of: 'the running gateway', skew: clock.heardAt - clock.said - 500, within: 1_500 }];
}

async function compare(site: Site, of: string, ask: () => Promise<number>): Promise<Compared> {
  const begun = site.now();
  const said = await ask();
  const took = site.now() - begun;
  return { of, skew: begun + took / 2 - said, within: took / 2 };
}
