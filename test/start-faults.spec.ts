import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataFolder } from '#persistence';
import { databases, postgresqlServer, type TestDatabase } from '#testing';
import { GatewayProcess, spawnGateway } from './support/gateway-process.ts';

const LIMIT_MS = 30_000;
const SECRET = 'hunter2-do-not-print';

/** What the settings alone rule out, and what the operator is told of it. Each start takes a second, so all at once. */
const badSettings: Record<string, string> = {
  RATE_LIMT_GLOBAL_MAX: '5',
  GATEHOUSE_COLOUR: 'red',
  RATE_LIMIT_CLIENT_MAX: '5',
  RATE_LIMIT_MAX_REQUESTS: '6',
  PORT: 'eighty',
  MAX_REQUEST_SIZE: '1',
  AUDIT_DURABILITY: 'maybe',
  GATEHOUSE_API_KEY: SECRET,
  API_KEY_PEPPER_FILE: '/nowhere/pepper',
  DATABASE_URL: `mysql://u:${SECRET}@h/d`,
};
const saidOfThem = [
  'RATE_LIMT_GLOBAL_MAX is no setting: did you mean RATE_LIMIT_GLOBAL_MAX?',
  'GATEHOUSE_COLOUR is no setting',
  'RATE_LIMIT_CLIENT_MAX and RATE_LIMIT_MAX_REQUESTS are two names of one setting and differ: keep one of them',
  'PORT is "eighty": it must be a whole number from 0 to 65535',
  'MAX_REQUEST_SIZE is "1": it must be a whole number from 1024 to 104857600',
  'AUDIT_DURABILITY is "maybe": it must be one of strict, relaxed',
  'GATEHOUSE_API_KEY is a text of 20 characters: it must be a secret of at least 32 characters, without spaces',
  "API_KEY_PEPPER_FILE can't be read (ENOENT)",
  'DATABASE_URL is a text of 34 characters: it must be a URL that begins with postgres:// or postgresql://',
];

describe('a start that fails', { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let dataDir: string;
  beforeAll(async () => {
    database = await databases[0]!.create();
    dataDir = database.env['DATA_DIR']!;
  });
  afterAll(() => database.remove());

  async function start(env: Record<string, string>) {
    const child = spawnGateway({
      PORT: '0',
      MANAGEMENT_PORT: '0',
      WS_PORT: '0',
      TCP_PORT: '0',
      DATA_DIR: dataDir,
      ...env,
    });
    const late = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    const [out, err, [code]] = await Promise.all([
      text(child.stdout!),
      text(child.stderr!),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    clearTimeout(late);
    return { code, out, err };
  }

  /** It says these things, once, and to those who operate it: no secret, no stack, nothing else. */
  async function expectFault(env: Record<string, string>, says: (string | RegExp)[]) {
    const { code, out, err } = await start(env);
    for (const part of says) expect(err.trimEnd()).toMatch(part);
    expect(code).toBe(1);
    expect(err).not.toMatch(/^\s+at |Error:|node:|\.[jt]s:\d/m);
    expect(out + err).not.toContain(SECRET);
    return { out, err };
  }

  /** Nobody holds it, and the lock can be taken. */
  async function expectFree(): Promise<void> {
    const folder = await DataFolder.open(dataDir);
    await folder.close();
  }

  it('for bad settings names each of them, and touches nothing', async () => {
    const untouched = join(dataDir, 'never-made');
    const { err } = await expectFault({ ...badSettings, DATA_DIR: untouched }, []);
    const listed = err.split('\n').filter((line) => line.startsWith('  - '));
    expect(listed.map((line) => line.slice(4)).toSorted()).toEqual(saidOfThem.toSorted());
    expect(existsSync(untouched)).toBe(false);
  });

  it('for a DATA_DIR that nobody can write says why', async () => {
    const inFile = join(process.execPath, 'data');
    await expectFault({ DATA_DIR: inFile }, [`DATA_DIR (${inFile}) can't be used: it is no folder`]);
    // Not even root makes a folder there: read-only in a container, refused elsewhere.
    const says =
      /DATA_DIR \(\/sys\/gatehouse\) can't be used: (its file system is read-only|this user may not write)/;
    await expectFault({ DATA_DIR: '/sys/gatehouse' }, [says]);
  });

  it('for a database that is not there says where it looked', async () => {
    const url = `postgres://u:${SECRET}@127.0.0.1:1/d`;
    await expectFault({ DATABASE_URL: url }, [
      "DATABASE_URL (u at 127.0.0.1:1/d) can't be used: nothing listens there",
    ]);
    await expectFree();
  });

  it('for a database that refuses the password says so', async () => {
    const url = new URL(await postgresqlServer());
    url.password = SECRET;
    await expectFault({ DATABASE_URL: url.href }, ['DATABASE_URL', 'the server refuses the password']);
    await expectFree();
  });

  it.each(['PORT', 'MANAGEMENT_PORT'])(
    'for a %s in use names it, and leaves the rest as it was',
    async (setting) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as AddressInfo;
      await expectFault({ [setting]: String(port) }, [
        `Port ${port} on 127.0.0.1 is in use`,
        'set PORT, MANAGEMENT_PORT, WS_PORT or TCP_PORT',
      ]);
      await expectFree();
      await new Promise((resolve) => other.close(resolve));
    },
  );

  it('for a folder in use names who has it, who goes on as before', async () => {
    const first = await GatewayProcess.start({ ...database.env, GATEHOUSE_API_KEY: SECRET.repeat(2) });
    await expectFault({}, [
      `DATA_DIR (${dataDir}) is in use by process ${first.pid}`,
      'choose another folder',
    ]);
    const kept = { conversation_id: 'kept', content: 'The parcel is late.' };
    expect((await first.client.rest('/conversations/ingest', { body: kept })).status).toBe(201);

    expect(await first.stop('SIGKILL')).toBe('SIGKILL');
    const second = await GatewayProcess.start({ ...database.env, GATEHOUSE_API_KEY: SECRET.repeat(2) });
    expect((await second.client.rest('/conversations/kept')).status).toBe(200);
    expect(await second.stop()).toBe(0);
    await expectFree();
  });
});
