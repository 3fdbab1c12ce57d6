import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHouse, type FuzzHouse } from './house/open-house.ts';
import { properties } from './properties/index.ts';
import { runRound } from './round.ts';

/** What is found is made small first. */
const LIMIT_MS = 150_000;
const FIXED_SEED = 20_260_728;
const seeds = [FIXED_SEED, randomInt(0x7f_ff_ff_ff)];

describe.each(seeds)('with the seed %i', (seed) => {
  let house: FuzzHouse;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());

  const held = properties.map((property) => [property.what, property] as const);
  it.each(held)(
    '%s',
    async (_, property) => {
      const { violation } = await runRound(property, house, { seed });
      const found = violation && `${violation.counterexample}\n${violation.error}\n${violation.replay}`;
      expect(found).toBeUndefined();
    },
    LIMIT_MS,
  );
});
