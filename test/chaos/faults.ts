import type { Fleet } from './fleet.ts';
import type { Random } from './random.ts';
import type { Replica } from './replica.ts';
import { VALKEY_PASSWORD, VALKEY_USER } from './settings.ts';

/** Something that goes wrong, and is mended. */
export interface Fault {
  readonly name: string;
  /** Makes it happen. Answers which gateways have to go on by themselves until it is mended. */
  strike(fleet: Fleet, random: Random): Promise<readonly Replica[]>;
  mend(fleet: Fleet): Promise<void>;
}

const setPassword = ({ valkey }: Fleet, password: string) =>
  valkey.command('acl', 'setuser', VALKEY_USER, 'resetpass', `>${password}`);

/** Far longer than a command may take. */
const SLOW_MS = 5_000;
const FLUSHES = 20;
const NOTHING = async (): Promise<void> => {};

/** In the order in which they are first injected. */
export const faults: readonly Fault[] = [
  {
    name: 'kill',
    strike: async ({ valkey, replicas }) => {
      await valkey.kill();
      return replicas;
    },
    mend: (fleet) => fleet.forget(() => fleet.valkey.restart()),
  },
  {
    name: 'freeze',
    strike: async ({ valkey, replicas }) => {
      valkey.freeze();
      return replicas;
    },
    mend: async ({ valkey }) => valkey.thaw(),
  },
  {
    name: 'rotated-password',
    strike: async (fleet) => {
      await setPassword(fleet, 'another');
      await fleet.valkey.command('client', 'kill', 'user', VALKEY_USER);
      return fleet.replicas;
    },
    mend: async (fleet) => void (await setPassword(fleet, VALKEY_PASSWORD)),
  },
  {
    name: 'full-memory',
    strike: async ({ valkey, replicas }) => {
      await valkey.command('config', 'set', 'maxmemory', '1mb');
      return replicas;
    },
    mend: async ({ valkey }) => void (await valkey.command('config', 'set', 'maxmemory', '0')),
  },
  {
    name: 'slow',
    strike: async ({ replicas }) => {
      for (const { proxy } of replicas) proxy.delay(SLOW_MS);
      return replicas;
    },
    mend: mendNetwork,
  },
  {
    name: 'script-flush',
    strike: async ({ valkey }) => {
      for (let flush = 0; flush < FLUSHES; flush++) await valkey.command('script', 'flush');
      return [];
    },
    mend: NOTHING,
  },
  {
    name: 'cut',
    strike: async ({ replicas }) => {
      for (const { proxy } of replicas) proxy.cut();
      return replicas;
    },
    mend: mendNetwork,
  },
  {
    name: 'kill-gateway',
    strike: async ({ replicas }, random) => {
      const one = random.pick(replicas);
      await one.kill();
      await one.start();
      return [];
    },
    mend: NOTHING,
  },
  {
    // The others keep the connections that they have.
    name: 'wrong-password-at-start',
    strike: async (fleet, random) => {
      await setPassword(fleet, 'another');
      const one = random.pick(fleet.replicas);
      await one.kill();
      await one.start();
      return [one];
    },
    mend: async (fleet) => void (await setPassword(fleet, VALKEY_PASSWORD)),
  },
  {
    name: 'cut-one',
    strike: async ({ replicas }, random) => {
      const one = random.pick(replicas);
      one.proxy.cut();
      return [one];
    },
    mend: mendNetwork,
  },
  {
    name: 'flush-all',
    strike: async (fleet) => {
      await fleet.forget(() => fleet.valkey.command('flushall'));
      return [];
    },
    mend: NOTHING,
  },
];

async function mendNetwork({ replicas }: Fleet): Promise<void> {
  for (const { proxy } of replicas) proxy.mend();
}
