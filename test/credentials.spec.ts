import { beforeAll, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { credentialKinds, states } from './support/credentials.ts';
import { codeOf, endOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';
import { operationsOf, type GuardedOperation } from './support/operations.ts';

const env = Object.assign({}, ...credentialKinds.map((kind) => kind.env)) as Record<string, string>;

describe('every kind of credential, at every operation', () => {
  const gateway = useGateway(databases[1]!, {
    features: [EchoModule],
    env: { ...env, RATE_LIMIT_ENABLED: 'false', AUTH_FAILURES_MAX: '1000000' },
  });
  let operations: readonly GuardedOperation[];
  beforeAll(async () => {
    operations = await operationsOf(gateway());
  });

  const cases = credentialKinds.flatMap((kind) =>
    states.map((state) => ({ kind, state, what: `${kind.name}, ${state}` })),
  );

  it.each(cases.filter(({ state }) => state === 'valid'))(
    'lets $what, through to what it was asked',
    async ({ kind }) => {
      const credential = await kind.make('valid', gateway());
      for (const { calls } of operations) {
        for (const call of calls) {
          // Bad input is told behind the last guard, and changes nothing.
          const answer = await call.send(credential, { ...call.validInput, no_such_property: true });
          expect({ call: call.name, code: codeOf(answer) }).toEqual({
            call: call.name,
            code: 'INVALID_INPUT',
          });
        }
      }
    },
  );

  it.each(cases.filter(({ state }) => state !== 'valid'))(
    'refuses $what, and records it',
    async ({ kind, state }) => {
      const credential = await kind.make(state, gateway());
      const { code, ...status } = kind.refusals[state as Exclude<typeof state, 'valid'>];
      for (const { calls } of operations) {
        for (const call of calls) {
          const answer = await call.send(credential, call.validInput);
          const said = { call: call.name, status: answer.status, code: codeOf(answer) };
          expect(said).toEqual({ call: call.name, status: status[call.door], code });
        }
      }
      const { calls } = operations[0]!;
      const answer = await calls[0]!.send(credential, calls[0]!.validInput);
      const record = await gateway().recordOf(answer);
      expect(endOf(answer, record).recorded).toBe(code);
      expect(JSON.stringify(record)).not.toContain(credential.slice(-20));
    },
  );
});
