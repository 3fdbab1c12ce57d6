import { execFile } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { scratchFolder, SecretsManagerServer, type ScratchFolder } from '#testing';
import type { Status } from './check.ts';
import { checks } from './checks.ts';
import { judge } from './checks/disk.check.ts';
import { judgeCertificate } from './checks/tls.check.ts';
import { judgeNode } from './checks/versions.check.ts';
import { find } from './testing/find.ts';

const run = promisify(execFile);
const DAY_S = 86_400;
const random = () => randomBytes(32).toString('hex');

type Env = Record<string, string>;
const SAME = random();
/** What production can't be without. */
const required = (): Env => ({
  JWT_SECRET: random(),
  MCP_SIG_SECRET: random(),
  AGENT_SIG_SECRET: random(),
  ADMIN_SECRET_KEY: random(),
});

describe('gatehouse doctor', () => {
  let folder: ScratchFolder;
  let quiet: Env;

  beforeAll(async () => {
    folder = await scratchFolder();
    await chmod(folder.path, 0o700);
    // No gateway is asked for, unless a test starts one.
    quiet = { DATA_DIR: folder.path, MANAGEMENT_PORT: '0', MAX_CONNECTIONS: '100' };
  });
  afterAll(() => folder.remove());

  it('looks for the database where AWS Secrets Manager alone says that it is', async () => {
    await using aws = await SecretsManagerServer.start();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE').stubEnv(
      'AWS_SECRET_ACCESS_KEY',
      'only-for-tests',
    );
    aws.put('database/url', 'postgres://gatehouse@127.0.0.1:1/gatehouse'); // Nothing listens there.
    const { status, said } = await find('database', { ...quiet, ...aws.env });
    vi.unstubAllEnvs();
    expect({ status, said }).toEqual({ status: 'fail', said: expect.stringContaining('ECONNREFUSED') });
  });

  describe('of settings alone', () => {
    it.each<[check: string, status: Status, env: Env, says: RegExp]>([
      ['settings', 'fail', { RATE_LIMIT_CLIENT_MAXX: '5' }, /RATE_LIMIT_CLIENT_MAXX is no setting/],
      ['settings', 'pass', {}, /every setting/],
      [
        'secrets',
        'fail',
        { API_KEY_PEPPER: 'changeme'.repeat(5) },
        /API_KEY_PEPPER is .* a well-known value/,
      ],
      ['secrets', 'fail', { API_KEY_PEPPER: 'ab12'.repeat(10) }, /API_KEY_PEPPER is .* it repeats itself/],
      ['secrets', 'fail', { VALKEY_URL: 'redis://:short@localhost' }, /VALKEY_URL is .* it has 5 characters/],
      [
        'secrets',
        'fail',
        { DATABASE_URL: 'postgres://a:password@localhost/a' },
        /DATABASE_URL is .* a well-known/,
      ],
      ['secrets', 'fail', { WS_AUTH_TOKEN: SAME, TCP_AUTH_TOKEN: SAME }, /have the same value/],
      ['secrets', 'warn', {}, /JWT_SECRET is missing/],
      ['secrets', 'fail', { NODE_ENV: 'production' }, /JWT_SECRET is missing/],
      [
        'secrets',
        'warn',
        { DATABASE_URL: 'postgres://localhost/a' },
        /API_KEY_PEPPER is not set.*AUDIT_SIGNING_KEY/,
      ],
      ['secrets', 'pass', { ...required(), API_KEY_PEPPER: random() }, /5 are set/],
      ['tls', 'fail', { HOST: '0.0.0.0' }, /keys can be read on the way/],
      ['tls', 'warn', { HOST: '0.0.0.0', PUBLIC_URL: 'https://gatehouse.example' }, /a proxy ends TLS/],
      ['tls', 'warn', { DATABASE_URL: 'postgres://db.example/a' }, /no sslmode/],
      ['tls', 'pass', { DATABASE_URL: 'postgres://db.example/a?sslmode=verify-full' }, /in clear/],
      ['tls', 'warn', { VALKEY_URL: 'redis://cache.example' }, /VALKEY_URL is not rediss/],
      ['tls', 'pass', {}, /nothing leaves/],
      ['cors', 'fail', { CORS_ALLOWED_ORIGINS: '*' }, /any page may call/],
      ['cors', 'warn', { CORS_ALLOWED_ORIGINS: 'http://pages.example' }, /on the way/],
      ['cors', 'warn', { CORS_ENABLED: 'true' }, /lets no page call/],
      ['cors', 'fail', { SECURITY_HEADERS_ENABLED: 'false' }, /browsers are told nothing/],
      ['cors', 'pass', { CORS_ALLOWED_ORIGINS: 'https://pages.example,http://localhost:5173' }, /2 origins/],
      ['authentication', 'warn', { AUTO_BLOCK_ENABLED: 'false' }, /not blocked/],
      ['authentication', 'warn', { MAX_FAILED_ATTEMPTS: '500' }, /guess that often/],
      ['authentication', 'warn', { API_KEY_TTL_DAYS: '3650' }, /good for years/],
      ['authentication', 'pass', {}, /keys expire/],
      ['limits', 'fail', { RATE_LIMIT_ENABLED: 'false' }, /nothing limits/],
      ['limits', 'warn', { RATE_LIMIT_FAIL_MODE: 'open' }, /let through/],
      ['limits', 'warn', { ADAPTIVE_LIMITS_ENABLED: 'false' }, /do not tighten/],
      ['limits', 'warn', { MAX_REQUEST_SIZE: '104857600' }, /as much memory/],
      ['limits', 'pass', {}, /calls are limited/],
      ['proxies', 'fail', { TRUSTED_PROXIES: '0.0.0.0/0' }, /may call himself any address/],
      ['proxies', 'fail', { TRUSTED_PROXIES: '::/0' }, /may call himself any address/],
      ['proxies', 'warn', { HOST: '0.0.0.0' }, /all clients are one address/],
      ['proxies', 'pass', { HOST: '0.0.0.0', TRUSTED_PROXIES: '10.0.0.0/8' }, /1 are believed/],
      ['connections', 'fail', { MAX_CONNECTIONS: '1000000000'.slice(0, 7) }, /raise that/],
      ['connections', 'warn', { HOST: '0.0.0.0', MANAGEMENT_PORT: '1' }, /only Prometheus and operators/],
      ['connections', 'pass', {}, /100 at most/],
      ['database', 'warn', {}, /embedded database/],
      ['database', 'fail', { DATABASE_URL: 'postgres://127.0.0.1:1/a' }, /ECONNREFUSED/],
      ['valkey', 'pass', {}, /one process needs none/],
      ['valkey', 'warn', { DATABASE_URL: 'postgres://127.0.0.1:1/a' }, /each replica has limits/],
      ['valkey', 'fail', { VALKEY_URL: 'redis://127.0.0.1:1' }, /is away/],
      ['gateway', 'warn', {}, /none answers/],
      ['versions', 'pass', {}, /Gatehouse \d+\.\d+\.\d+ on Node v24/],
      ['clock', 'pass', {}, /no other clock/],
      ['audit chain', 'warn', { AUDIT_DURABILITY: 'relaxed' }, /a crash may lose records/],
      ['audit chain', 'warn', { AUDIT_VERIFY_HOURS: '0' }, /something else must/],
      ['audit chain', 'warn', { SECURITY_AUDIT_LOG: 'false' }, /security logs are not written/],
      ['backups', 'warn', {}, /nobody here knows/],
    ])('%s: %s for %o', async (check, status, env, says) => {
      const found = await find(check, { ...quiet, ...env });
      expect(found).toEqual({ status, said: expect.stringMatching(says) });
    });
  });

  describe('of files', () => {
    it('fails where others may read the data folder, or a secret', async () => {
      await using data = await scratchFolder();
      const env = { ...quiet, DATA_DIR: data.path };
      await chmod(data.path, 0o700);
      const secret = join(data.path, 'api-key-pepper');
      await writeFile(secret, random(), { mode: 0o600 });
      expect(await find('files', env)).toMatchObject({ status: 'pass' });

      await chmod(data.path, 0o750);
      expect(await find('files', env)).toMatchObject({
        status: 'warn',
        said: expect.stringMatching(/to its group/),
      });
      await chmod(data.path, 0o755);
      expect(await find('files', env)).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/open to others \(755\)/),
      });
      await chmod(data.path, 0o700);
      await chmod(secret, 0o644);
      expect(await find('files', env)).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/api-key-pepper in DATA_DIR/),
      });
      await chmod(secret, 0o600);
      const given = join(data.path, 'given');
      await writeFile(given, random());
      await chmod(given, 0o444);
      expect(await find('files', { ...env, API_KEY_PEPPER_FILE: given })).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/file of API_KEY_PEPPER_FILE is open to others \(444\)/),
      });
    });

    it('warns of a secret that was not changed for too long', async () => {
      await using data = await scratchFolder();
      const file = join(data.path, 'pepper');
      await writeFile(file, random(), { mode: 0o600 });
      const env = { ...quiet, ...required(), VALKEY_PASSWORD_FILE: file };
      expect(await find('secrets', env)).toMatchObject({ status: 'pass' });
      const then = Date.now() / 1000 - 100 * DAY_S;
      await utimes(file, then, then);
      expect(await find('secrets', env)).toMatchObject({
        status: 'warn',
        said: expect.stringMatching(/VALKEY_PASSWORD was last changed 100 days ago: a change is due for 10$/),
      });
    });

    it('fails where root runs it', async () => {
      await using data = await scratchFolder();
      const env = { ...quiet, DATA_DIR: data.path };
      expect(await find('user', { ...env, DATA_DIR: '/' })).toEqual({
        status: 'fail',
        said: expect.stringMatching(/belongs to root/),
      });
      if (process.getuid?.() === 0) await chown(data.path, 1000, 1000);
      expect(await find('user', env)).toEqual({
        status: 'pass',
        said: expect.stringMatching(/as user [1-9]/),
      });
    });

    it('fails for backups that are old, empty, open, or not there', async () => {
      await using backups = await scratchFolder();
      const env = { ...quiet, BACKUP_DIR: backups.path };
      expect(await find('backups', env)).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/holds no backup/),
      });
      const backup = join(backups.path, 'gatehouse.dump');
      await writeFile(backup, 'a backup', { mode: 0o600 });
      expect(await find('backups', env)).toMatchObject({
        status: 'pass',
        said: expect.stringMatching(/0 minutes old/),
      });
      await chmod(backup, 0o604);
      expect(await find('backups', env)).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/can be read by every user/),
      });
      await chmod(backup, 0o600);
      const then = Date.now() / 1000 - 3 * DAY_S;
      await utimes(backup, then, then);
      expect(await find('backups', env)).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/is 3 days old/),
      });
      await writeFile(backup, '');
      expect(await find('backups', env)).toMatchObject({
        status: 'fail',
        said: expect.stringMatching(/is empty/),
      });
      await mkdir(join(backups.path, '.lost'));
      expect(await find('backups', { ...env, BACKUP_DIR: join(backups.path, 'none') })).toMatchObject({
        status: 'fail',
      });
    });

    it('looks where backups are put unless told, too', async () => {
      await using data = await scratchFolder();
      const env = { ...quiet, DATA_DIR: data.path };
      const backups = join(data.path, 'backups');
      const nobodyKnows = { status: 'warn', said: expect.stringMatching(/nobody here knows/) };
      await mkdir(join(backups, '20260728T031500Z.new'), { recursive: true });
      expect(await find('backups', env)).toEqual(nobodyKnows);
      const backup = join(backups, '20260728T031500Z');
      await mkdir(backup, { mode: 0o700 });
      await writeFile(join(backup, 'manifest.json'), '{}');
      expect(await find('backups', env)).toEqual({
        status: 'pass',
        said: expect.stringMatching(/the newest, 20260728T031500Z, is 0 minutes old/),
      });
      const then = Date.now() / 1000 - 3 * DAY_S;
      await utimes(backup, then, then);
      expect(await find('backups', env)).toMatchObject({ status: 'fail' });
      // Those of PostgreSQL lie elsewhere.
      expect(await find('backups', { ...env, DATABASE_URL: 'postgres://localhost/a' })).toEqual(nobodyKnows);
    });

    it('fails for a disk that is almost full', () => {
      const gib = 1024 ** 3;
      expect(judge(1 * gib, 20 * gib).status).toBe('fail');
      expect(judge(3 * gib, 20 * gib).status).toBe('warn');
      expect(judge(10 * gib, 20 * gib).status).toBe('pass');
      expect(judge(60 * gib, 2000 * gib).status).toBe('pass');
    });

    it('warns while there is no data folder yet', async () => {
      const env = { ...quiet, DATA_DIR: join(folder.path, 'none') };
      for (const check of ['disk', 'files']) {
        expect(await find(check, env)).toMatchObject({
          status: 'warn',
          said: expect.stringMatching(/not there yet/),
        });
      }
    });
  });

  it('fails for a certificate that has expired, or is of another key, and warns a fortnight before', async () => {
    await using files = await scratchFolder();
    const made = await Promise.all(
      ['2031-05-01', '2031-05-02'].map((day) =>
        generate([{ name: 'commonName', value: 'localhost' }], { notAfterDate: new Date(day) }),
      ),
    );
    const [certPath, keyPath, otherKeyPath] = ['cert', 'key', 'other'].map((name) => join(files.path, name));
    await writeFile(certPath!, made[0]!.cert);
    await writeFile(keyPath!, made[0]!.private);
    await writeFile(otherKeyPath!, made[1]!.private);
    const env = { ...quiet, SSL_ENABLED: 'true', SSL_CERT_PATH: certPath!, SSL_KEY_PATH: keyPath! };
    expect(await find('tls', env)).toMatchObject({ status: 'pass' });
    expect(await find('tls', { ...env, SSL_KEY_PATH: otherKeyPath! })).toEqual({
      status: 'fail',
      said: expect.stringMatching(/SSL_CERT_PATH and SSL_KEY_PATH do not belong together/),
    });
    const { SSL_KEY_PATH: _, ...keyless } = env;
    expect(await find('tls', keyless)).toEqual({
      status: 'fail',
      said: 'SSL_ENABLED=true needs SSL_KEY_PATH',
    });
    const cert = new X509Certificate(made[0]!.cert);
    const judged = (day: string) => judgeCertificate(cert, Date.parse(day)).filter(Boolean);
    expect(judged('2031-03-01')).toEqual([]);
    expect(judged('2031-04-20')).toMatchObject([{ status: 'warn' }]);
    expect(judged('2031-05-03')).toMatchObject([{ status: 'fail' }]);
    expect(judged('2020-01-01')).toMatchObject([{ status: 'fail' }]);
  });

  it('warns of a Node that it is not tested on, and fails for one that is too old', () => {
    expect(judgeNode('v24.1.0')).toBeUndefined();
    expect(judgeNode('v22.12.0')).toMatchObject({ status: 'warn' });
    expect(judgeNode('v20.19.0')).toMatchObject({ status: 'fail' });
  });

  it('ends with 1 for warnings only where it is told to be strict', async () => {
    const program = join(import.meta.dirname, '../../bin/gatehouse.js');
    const env = { PATH: process.env['PATH'] ?? '', ...quiet, DATA_DIR: join(folder.path, 'none') };
    const ended = (args: string[]) =>
      run(process.execPath, [program, 'doctor', ...args], { env }).then(
        ({ stdout }) => ({ stdout, code: 0 }),
        (error: { stdout: string; code: number }) => error,
      );
    const [lenient, strict] = await Promise.all([ended([]), ended(['--strict'])]);
    expect(lenient.stdout).toMatch(/^PASS {2}settings .*\nWARN {2}gateway /);
    expect(lenient.stdout).toMatch(/\n\d+ passed, \d+ warned, 0 failed\n$/);
    expect([lenient.code, strict.code]).toEqual([0, 1]);
  });

  it('reads where to read in pages that are there', async () => {
    const root = join(import.meta.dirname, '../../../..');
    for (const { read } of checks) {
      const [page, anchor] = read.split('#') as [string, string];
      const text = await readFile(join(root, page), 'utf8');
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      );
      expect(headings).toContain(anchor);
    }
    expect((await readdir(join(import.meta.dirname, 'checks'))).length).toBe(checks.length);
  });
});
