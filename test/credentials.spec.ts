import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isGranted } from '#rbac';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { issuedHere, states, type CredentialState } from './support/credentials.ts';
import { codeOf, endOf } from './support/doors.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { operationsOf, shownBy, type OperationCall } from './support/operations.ts';
import { provenByTls, provenElsewhere } from './support/outside-credentials.ts';

const SETUP_TIMEOUT_MS = 600_000;
type Tried = OperationCall & { permission: Parameters<typeof isGranted>[1] };

describe.each([issuedHere, provenElsewhere, provenByTls])(
  'every kind of credential that is $name, at every operation',
  ({ kinds, open }) => {
    let gateway: TestGateway;
    let calls: readonly Tried[];
    let opened: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      opened = await open();
      gateway = await bootGateway(databases[1]!, {
        features: [EchoModule],
        env: { ...opened.env, RATE_LIMIT_ENABLED: 'false', AUTH_FAILURES_MAX: '1000000' },
      });
      const operations = await operationsOf(gateway);
      calls = operations.flatMap(({ permission, calls: ways }) =>
        ways.map((way) => ({ ...way, permission })),
      );
    }, SETUP_TIMEOUT_MS);
    afterAll(async () => {
      await gateway.close();
      await opened.close();
    });

    const cases = kinds.flatMap((kind) =>
      states
        .filter((state) => state === 'valid' || kind.refusals[state])
        .map((state) => ({ kind, state, what: `${kind.name}, ${state}` })),
    );
    const callsAt = (doors: readonly OperationCall['door'][]): readonly Tried[] =>
      calls.filter(({ door }) => doors.includes(door));

    it.each(cases.filter(({ state }) => state === 'valid'))(
      'lets $what, through to what it was asked',
      async ({ kind }) => {
        const credential = await kind.make('valid', gateway);
        const tried = callsAt(kind.doors('valid'));
        expect(new Set(tried.map(({ door }) => door))).toEqual(new Set(kind.doors('valid')));
        for (const call of tried) {
          // Bad input is told behind the last guard, and changes nothing.
          const answer = await call.send(credential, { ...call.validInput, no_such_property: true });
          // What is not for that role is a tool that is not there: test/hidden-offers.spec.ts.
          const isOffered = isGranted(kind.role ?? 'admin', call.permission);
          expect({ call: call.name, code: codeOf(answer) }).toEqual({
            call: call.name,
            code: isOffered ? 'INVALID_INPUT' : 'NOT_FOUND',
          });
        }
      },
    );

    it.each(cases.filter(({ state }) => state !== 'valid'))(
      'refuses $what, and records it',
      async ({ kind, state }) => {
        const credential = await kind.make(state, gateway);
        const { code, ...status } = kind.refusals[state as Exclude<CredentialState, 'valid'>]!;
        const tried = callsAt(kind.doors(state));
        for (const call of tried) {
          const answer = await call.send(credential, call.validInput);
          const said = { call: call.name, status: answer.status, code: codeOf(answer) };
          expect(said).toEqual({
            call: call.name,
            status: status[call.door === 'rest' ? 'rest' : 'mcp'],
            code,
          });
        }
        for (const door of kind.doors(state)) {
          const call = tried.find((one) => one.door === door)!;
          const answer = await call.send(credential, call.validInput);
          const record = await gateway.recordOf(answer);
          expect({ door, ...endOf(answer, record) }).toMatchObject({ door, recorded: code });
          const { key } = shownBy(credential);
          // A certificate and what a proxy says of it are no secrets.
          const secret = key ? key.slice(-20) : 'BEGIN';
          expect(JSON.stringify(record)).not.toContain(secret);
        }
      },
    );
  },
);
