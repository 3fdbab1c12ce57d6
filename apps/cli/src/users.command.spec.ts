import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IssuedUserView, UserView } from '#identity';
import { databases, type TestDatabase } from '#testing';
import { runCommand } from './testing/run-command.ts';
import { registerUsers } from './users.command.ts';

const SETUP_TIMEOUT_MS = 600_000;
const PASSWORD = 'a long walk by the river';

const gatehouse = (...args: string[]) => runCommand(registerUsers, 'users', ...args, '--local');
const parsed = async <T>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await gatehouse(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};
const typing = (text: string) =>
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([text]) as typeof process.stdin);

describe('gatehouse users', () => {
  let created: TestDatabase;
  beforeAll(async () => {
    created = await databases.find(({ name }) => name === 'PostgreSQL')!.create();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => created.remove());
  beforeEach(() => {
    for (const [name, value] of Object.entries(created.env)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('makes a user, with a password from standard input or one that it makes up and shows once', async () => {
    typing(`${PASSWORD}\nwhat follows`);
    const ana = await parsed<IssuedUserView>('create', 'Ana', '--role', 'admin', '--tier', 'pro');
    expect(ana).toMatchObject({
      name: 'Ana',
      role: 'admin',
      tier: 'pro',
      state: 'active',
      second_factor: false,
    });
    expect(ana).not.toHaveProperty('generated_password');
    const ben = await gatehouse('create', 'Ben', '--role', 'auditor', '--generate-password');
    expect(ben.stdout).toMatch(/^([0-9a-z]{5}-){3}[0-9a-z]{5}\n\nThe password is shown this once/);
    expect(ben.stdout).toMatch(/\nEnrolment code: ([0-9a-z]{5}-){4}[0-9a-z]{5}\nWith it .* until 20\d\d-/);
    const list = await gatehouse('list');
    expect(list.stdout).toMatch(/^ID +NAME +ROLE +TIER +STATE +SECOND FACTOR +LAST LOG-IN\n/);
    expect(list.stdout).toMatch(/ Ben +auditor +- +active +no +-/);
  });

  it('changes one by name or id', async () => {
    const cem = await parsed<IssuedUserView>('create', 'Cem', '--role', 'employee', '--generate-password');
    const of = (...args: string[]) => parsed<UserView>(...args);
    expect(await of('change', 'cem', '--role', 'auditor', '--tier', 'free')).toMatchObject({
      role: 'auditor',
      tier: 'free',
    });
    expect(await of('change', cem.id, '--tier', 'none')).toMatchObject({ role: 'auditor', tier: null });
    expect(await of('disable', 'CEM')).toMatchObject({ id: cem.id, state: 'disabled' });
    expect(await of('enable', cem.id)).toMatchObject({ state: 'active' });
    const first = await parsed<IssuedUserView>('enrolment-code', 'Cem');
    const reset = await parsed<IssuedUserView>('reset-totp', 'Cem');
    expect(reset).toMatchObject({ second_factor: false, enrolment_expires_at: expect.any(String) });
    expect(new Set([cem, first, reset].map(({ enrolment_code: code }) => code)).size).toBe(3);
    typing(`${PASSWORD}\n`);
    expect(await of('reset-password', 'Cem')).not.toHaveProperty('generated_password');
  });

  it('deletes one for good, when told so twice, and never ends the last administrator', async () => {
    const eva = await parsed<IssuedUserView>('create', 'Eva', '--role', 'auditor', '--generate-password');
    expect(await gatehouse('delete', 'Eva')).toMatchObject({
      code: 2,
      stderr: 'Nobody was deleted: say --yes, for it can not be taken back\n',
    });
    expect((await gatehouse('delete', 'eva', '--yes')).stdout).toBe(`Deleted: Eva, id ${eva.id}\n`);
    expect((await gatehouse('delete', 'Eva', '--yes')).code).toBe(1);
    const again = await parsed<IssuedUserView>('create', 'Eva', '--role', 'auditor', '--generate-password');
    expect(again.id).not.toBe(eva.id);
    for (const ending of [['delete', '--yes'], ['disable'], ['change', '--role', 'auditor']]) {
      const [command, ...options] = ending;
      expect((await gatehouse(command!, 'Ana', ...options)).stderr).toMatch(/last administrator/);
    }
    const same = await parsed<UserView>('change', 'Ana', '--role', 'admin', '--tier', 'free');
    expect(same).toMatchObject({ role: 'admin', tier: 'free', state: 'active' });
  });

  it('takes no password from the command line, no empty one and none that everybody tries first', async () => {
    expect((await gatehouse('create', 'Dora', '--role', 'employee', '--password', PASSWORD)).code).toBe(2);
    typing('\n');
    expect(await gatehouse('create', 'Dora', '--role', 'employee')).toMatchObject({
      code: 2,
      stderr: 'No password: give it on standard input, or say --generate-password\n',
    });
    typing('Password1234\n');
    const { code, stderr } = await gatehouse('create', 'Dora', '--role', 'employee');
    expect(code).toBe(1);
    expect(stderr).toContain('one of those that everybody tries first');
    expect(stderr).not.toContain('Password1234');
  });

  it('says what is wrong', async () => {
    expect(await gatehouse('disable', 'Nobody')).toMatchObject({
      code: 1,
      stderr: 'There is no such user: "gatehouse users list" shows all\n',
    });
    expect((await gatehouse('change', 'Nobody')).code).toBe(2);
    expect((await gatehouse('create', 'ANA', '--role', 'employee', '--generate-password')).stderr).toMatch(
      /exists/,
    );
    expect(
      (await runCommand(registerUsers, 'users', 'list', '--local', '--url', 'http://localhost')).code,
    ).toBe(2);
  });
});
