import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, type Environment } from '#config';
import { scratchFolder, SecretsManagerServer } from '#testing';
import { randomSecret } from './generate-secrets.ts';
import { LiveSecrets } from './live-secrets.ts';
import type { SecretNews } from './secrets.ts';
import { signingSecretsConfig } from './signing-secrets.config.ts';

const { jwtSecret, jwtPreviousSecret, messageSecret } = signingSecretsConfig.settings;
const ONE = 'one-secret-of-at-least-thirty-two-characters';
const TWO = 'two-secret-of-at-least-thirty-two-characters';
const THREE = 'three-secret-of-at-least-thirty-two-characters';
const FOUR = 'four-secret-of-at-least-thirty-two-characters';

const warn = vi.spyOn(Logger.prototype, 'warn');
const log = vi.spyOn(Logger.prototype, 'log');
const put: { remove(): unknown }[] = [];
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'only-for-tests');
  warn.mockReset().mockReturnValue();
  log.mockReset().mockReturnValue();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of put.splice(0).toReversed()) await one.remove();
});

async function store(): Promise<SecretsManagerServer> {
  const server = await SecretsManagerServer.start();
  put.push({ remove: () => server.close() });
  return server;
}

async function folder(): Promise<string> {
  const scratch = await scratchFolder();
  put.push(scratch);
  return scratch.path;
}

async function open(env: Environment): Promise<LiveSecrets> {
  const secrets = await LiveSecrets.open({ SECRETS_TIMEOUT_MS: '2500', ...env });
  put.push({ remove: () => secrets.close() });
  return secrets;
}

function newsOf(secrets: LiveSecrets): SecretNews[] {
  const news: SecretNews[] = [];
  secrets.onNews((one) => news.push(one));
  return news;
}

/** As Kubernetes mounts a Secret: `NAME` is a link into `..data`, a link that is swapped for all files at once. */
async function swap(at: string, revision: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(at, revision));
  for (const [name, text] of Object.entries(files)) await writeFile(join(at, revision, name), `${text}\n`);
  await symlink(revision, join(at, '..new'));
  await rename(join(at, '..new'), join(at, '..data'));
}

describe('secrets of the environment and of files', () => {
  it('are what the settings say, and AWS is not asked', async () => {
    const secrets = await open({ JWT_SECRET_KEY: ONE });
    expect(secrets.watch(jwtSecret).current).toBe(ONE);
    expect(secrets.watch(messageSecret).current).toBeUndefined();
    expect(secrets.states()).toEqual([
      expect.objectContaining({ name: 'JWT_SECRET', source: 'environment', writtenAt: undefined }),
    ]);
  });

  it('change when Kubernetes swaps the folder of their files, all of them together', async () => {
    const at = await folder();
    await swap(at, '..1', { jwt: ONE, before: TWO });
    for (const name of ['jwt', 'before']) await symlink(`..data/${name}`, join(at, name));
    const secrets = await open({
      JWT_SECRET_FILE: join(at, 'jwt'),
      JWT_PREVIOUS_SECRET_FILE: join(at, 'before'),
      SECRETS_FILE_POLL: '3600',
    });
    secrets.start();
    const [current, previous] = [secrets.watch(jwtSecret), secrets.watch(jwtPreviousSecret)];
    const seen: unknown[] = [];
    current.onChange(() => seen.push([current.current, previous.current]));
    const news = newsOf(secrets);
    await swap(at, '..2', { jwt: TWO, before: ONE });
    await expect.poll(() => seen).toEqual([[TWO, ONE]]);
    expect(current.previous).toBe(ONE);
    expect(news).toContainEqual({ event: 'secret_rotated', name: 'JWT_SECRET', source: 'file' });
    expect(JSON.stringify([log.mock.calls, news])).not.toMatch(new RegExp(`${ONE}|${TWO}`));
  });

  it('are found changed by the slow poll where the folder tells nothing', async () => {
    const at = await folder();
    await mkdir(join(at, 'releases'));
    await mkdir(join(at, 'releases/a'));
    await mkdir(join(at, 'releases/b'));
    await writeFile(join(at, 'releases/a/jwt'), ONE);
    await writeFile(join(at, 'releases/b/jwt'), TWO);
    await symlink('releases/a', join(at, 'now'));
    const secrets = await open({ JWT_SECRET_FILE: join(at, 'now/jwt'), SECRETS_FILE_POLL_MS: '100' });
    secrets.start();
    await symlink('releases/b', join(at, 'next'));
    await rename(join(at, 'next'), join(at, 'now'));
    await expect.poll(() => secrets.watch(jwtSecret).current).toBe(TWO);
  });

  it.each([
    ['goes away', (file: string) => rm(file)],
    ['is emptied', (file: string) => writeFile(file, '')],
    ['holds what the setting does not allow', (file: string) => writeFile(file, 'short')],
  ])('stay as they are when their file %s, and the operator is told once', async (_, spoil) => {
    const file = join(await folder(), 'jwt');
    await writeFile(file, ONE);
    const secrets = await open({ JWT_SECRET_FILE: file });
    secrets.start();
    const news = newsOf(secrets);
    await spoil(file);
    await expect.poll(() => news).toHaveLength(1);
    expect(news).toMatchObject([{ event: 'secret_refused', name: 'JWT_SECRET' }]);
    expect(secrets.watch(jwtSecret).current).toBe(ONE);
    expect(secrets.states()).toMatchObject([{ name: 'JWT_SECRET', refused: expect.any(String) }]);
    await writeFile(file, TWO);
    await expect.poll(() => secrets.watch(jwtSecret).current).toBe(TWO);
    expect(secrets.states()).toMatchObject([{ refused: undefined }]);
  });

  it('do not change to a weak value in production', async () => {
    const file = join(await folder(), 'jwt');
    const strong = 'Zq8vT2mXr5LkW9pNc3HbYd7JfGs4UeAo1RiBtMz6KxQwVnEyCgPhSjDuFl0TaOI2';
    await writeFile(file, strong);
    const secrets = await open({ JWT_SECRET_FILE: file, NODE_ENV: 'production' });
    secrets.start();
    const news = newsOf(secrets);
    await writeFile(file, ONE);
    await expect.poll(() => news).toMatchObject([{ event: 'secret_refused', name: 'JWT_SECRET' }]);
    expect(secrets.watch(jwtSecret).current).toBe(strong);
  });

  it('do not change to the value of another one in production, and are told of once', async () => {
    const at = await folder();
    const [A, B, C] = [randomSecret(64), randomSecret(64), randomSecret(64)];
    const write = async (name: string, text: string) => {
      await writeFile(join(at, `${name}.new`), text);
      await rename(join(at, `${name}.new`), join(at, name));
    };
    for (const [name, text] of Object.entries({ jwt: A, before: B, message: C })) await write(name, text);
    const secrets = await open({
      JWT_SECRET_FILE: join(at, 'jwt'),
      JWT_PREVIOUS_SECRET_FILE: join(at, 'before'),
      MCP_SIG_SECRET_FILE: join(at, 'message'),
      NODE_ENV: 'production',
      SECRETS_FILE_POLL_MS: '100',
    });
    secrets.start();
    const [jwt, previous] = [secrets.watch(jwtSecret), secrets.watch(jwtPreviousSecret)];
    secrets.watch(messageSecret);
    const news = newsOf(secrets);
    const refused = { event: 'secret_refused', reason: expect.stringContaining('the same value as') };
    await write('jwt', C);
    await expect.poll(() => news).toMatchObject([{ ...refused, name: 'JWT_SECRET' }]);
    expect(jwt.current).toBe(A);
    expect(secrets.states()).toContainEqual(
      expect.objectContaining({ refused: 'it has the same value as MCP_SIG_SECRET: each needs its own' }),
    );
    // Refused for as long as it is so: neither told again, nor anything of what it holds.
    await write('before', A);
    await expect.poll(() => previous.current).toBe(A);
    expect(news.filter(({ event }) => event === 'secret_refused')).toHaveLength(1);
    expect(JSON.stringify([news, warn.mock.calls])).not.toMatch(new RegExp(`${A}|${B}|${C}`));
    // Once the other one has gone on to something else, its value is free.
    await write('message', B);
    await expect.poll(() => jwt.current).toBe(C);
    expect(secrets.states().every(({ refused: why }) => why === undefined)).toBe(true);
  });

  it('change to weak and equal values elsewhere, with a warning', async () => {
    const at = await folder();
    await writeFile(join(at, 'jwt'), ONE);
    const secrets = await open({ JWT_SECRET_FILE: join(at, 'jwt'), MCP_SIG_SECRET: TWO });
    secrets.start();
    const jwt = secrets.watch(jwtSecret);
    await writeFile(join(at, 'jwt'), TWO);
    await expect.poll(() => jwt.current).toBe(TWO);
    expect(warn.mock.calls.flat().join()).toContain('JWT_SECRET is not fit for production');
  });

  it('are not said to have changed where nobody follows them: a restart takes the new one into use', async () => {
    const file = join(await folder(), 'message');
    await writeFile(file, ONE);
    const secrets = await open({ MCP_SIG_SECRET_FILE: file });
    secrets.start();
    const news = newsOf(secrets);
    const [before] = secrets.states();
    await writeFile(file, TWO);
    await expect.poll(() => news).toMatchObject([{ event: 'secret_refused', name: 'MCP_SIG_SECRET' }]);
    expect(secrets.states()).toMatchObject([
      { fingerprint: before!.fingerprint, refused: 'a restart takes it into use' },
    ]);
  });
});

/** With a file for it and one for what it was before; `answer` says why it is not taken, or takes it. */
async function offered(answer: (next: unknown, previous: unknown) => string | undefined) {
  const at = await folder();
  const write = async (name: string, text: string) => {
    await writeFile(join(at, `${name}.new`), text);
    await rename(join(at, `${name}.new`), join(at, name));
  };
  await write('jwt', ONE);
  await write('before', THREE);
  const secrets = await open({
    JWT_SECRET_FILE: join(at, 'jwt'),
    JWT_PREVIOUS_SECRET_FILE: join(at, 'before'),
    SECRETS_FILE_POLL_MS: '100',
  });
  const offers: unknown[] = [];
  const adopt = async (next: unknown, previous: unknown) => {
    offers.push([next, previous]);
    return answer(next, previous);
  };
  secrets.adopt({ settings: [jwtSecret, jwtPreviousSecret], current: ONE, adopt });
  secrets.start();
  const [state, before] = [secrets.watch(jwtSecret), secrets.watch(jwtPreviousSecret)];
  return { secrets, write, offers, news: newsOf(secrets), jwt: state, before };
}

describe('a secret that its user has to take into use', () => {
  it('is said to be used when it is, and refused as long as it is not, which is told once', async () => {
    const { secrets, write, offers, news, jwt, before } = await offered((_, previous) =>
      previous === ONE ? undefined : 'JWT_PREVIOUS_SECRET must be the one before',
    );
    const [first] = secrets.states();
    await write('jwt', TWO);
    await expect.poll(() => offers.length).toBeGreaterThan(2);
    const reason = 'JWT_PREVIOUS_SECRET must be the one before';
    expect(news).toEqual([{ event: 'secret_refused', name: 'JWT_SECRET', reason }]);
    expect(warn.mock.calls.map(([text]) => text as string)).toEqual([
      expect.stringContaining('JWT_SECRET is not fit for production'),
      `JWT_SECRET has changed, and is not used: ${reason}. The value before goes on`,
    ]);
    expect(jwt.current).toBe(ONE);
    // At any moment, also while it is offered again.
    expect(secrets.states()).toContainEqual({ ...first, refused: reason, writtenAt: expect.any(Date) });

    await write('before', ONE);
    await expect.poll(() => jwt.current).toBe(TWO);
    expect(before.current).toBe(ONE);
    expect(news.slice(1)).toEqual([
      { event: 'secret_rotated', name: 'JWT_SECRET', source: 'file' },
      { event: 'secret_rotated', name: 'JWT_PREVIOUS_SECRET', source: 'file' },
    ]);
    expect(secrets.states().map(({ refused }) => refused)).toEqual([undefined, undefined]);
    expect(JSON.stringify([news, warn.mock.calls, log.mock.calls])).not.toMatch(/thirty-two/);
  });

  it('goes back to what it was without a word', async () => {
    const { secrets, write, news, jwt } = await offered((next) =>
      next === TWO ? 'it is not wanted' : undefined,
    );
    await write('jwt', TWO);
    await expect.poll(() => news).toMatchObject([{ event: 'secret_refused', reason: 'it is not wanted' }]);
    await write('jwt', ONE);
    await expect.poll(() => secrets.states()[0]?.refused).toBeUndefined();
    expect(jwt.current).toBe(ONE);
    expect(news).toHaveLength(1);
  });

  it('holds up no other one, however long that takes, and what came meanwhile is offered next', async () => {
    const waiting = Promise.withResolvers<undefined>();
    const at = await folder();
    const [jwt, message] = [join(at, 'jwt'), join(at, 'message')];
    await writeFile(jwt, ONE);
    await writeFile(message, ONE);
    const secrets = await open({ JWT_SECRET_FILE: jwt, MCP_SIG_SECRET_FILE: message });
    const offers: unknown[] = [];
    const adopt = (next: unknown) => {
      offers.push(next);
      return offers.length === 1 ? waiting.promise : Promise.resolve(undefined);
    };
    secrets.adopt({ settings: [jwtSecret], current: ONE, adopt });
    secrets.start();
    const other = secrets.watch(messageSecret);
    await writeFile(jwt, TWO);
    await expect.poll(() => offers).toEqual([TWO]);
    await writeFile(message, THREE);
    await expect.poll(() => other.current).toBe(THREE);
    await writeFile(jwt, THREE);
    await secrets.refresh();
    expect(offers).toEqual([TWO]);
    waiting.resolve(undefined);
    await expect.poll(() => secrets.watch(jwtSecret).current).toBe(THREE);
    expect(offers).toEqual([TWO, THREE]);
  });

  it('is what the program has begun with, also where its file has changed since', async () => {
    const file = join(await folder(), 'jwt');
    await writeFile(file, TWO);
    const secrets = await open({ JWT_SECRET_FILE: file });
    const offers: unknown[] = [];
    const adopt = async (next: unknown) => {
      offers.push(next);
      return undefined;
    };
    secrets.adopt({ settings: [jwtSecret], current: ONE, adopt });
    expect(secrets.watch(jwtSecret).current).toBe(ONE);
    secrets.start();
    await expect.poll(() => secrets.watch(jwtSecret).current).toBe(TWO);
    expect(offers).toEqual([TWO]);
  });

  it('is not held up by one beside it that waits for a start', async () => {
    const { secrets, write, offers, jwt, before } = await offered(() => undefined);
    secrets.guard(jwtPreviousSecret, (next) => next !== TWO);
    await write('before', TWO);
    const refused = () => secrets.states().find(({ name }) => name === 'JWT_PREVIOUS_SECRET')?.refused;
    await expect.poll(refused).toBe('a restart takes it into use');
    await write('jwt', FOUR);
    await expect.poll(() => jwt.current).toBe(FOUR);
    expect(offers).toEqual([[FOUR, THREE]]);
    expect(before.current).toBe(THREE);
    expect(refused()).toBe('a restart takes it into use');
  });

  it('is refused where only a start can use it', async () => {
    const file = join(await folder(), 'jwt');
    await writeFile(file, ONE);
    const secrets = await open({ JWT_SECRET_FILE: file });
    const jwt = secrets.watch(jwtSecret);
    secrets.guard(jwtSecret, (next) => next !== TWO);
    secrets.start();
    const news = newsOf(secrets);
    await writeFile(file, TWO);
    const reason = 'a restart takes it into use';
    await expect.poll(() => news).toEqual([{ event: 'secret_refused', name: 'JWT_SECRET', reason }]);
    expect(jwt.current).toBe(ONE);
  });
});

describe('secrets of AWS Secrets Manager', () => {
  it('are laid under the environment, with their former version as the previous key', async () => {
    const server = await store();
    server
      .put('application/jwt-secret', ONE)
      .put('application/jwt-secret', TWO)
      .put('redis/url', 'redis://of-aws');
    const { env } = await open({
      ...server.env,
      VALKEY_URL: 'redis://of-the-environment',
      JWT_SECRET: '', // As compose files leave one out.
    });
    expect(env).toMatchObject({
      JWT_SECRET: TWO,
      JWT_PREVIOUS_SECRET: ONE,
      VALKEY_URL: 'redis://of-the-environment',
    });
    expect(server.asked.filter((id) => id.includes('redis/url'))).toEqual([]);
  });

  it('are not mixed with what is set elsewhere: a secret of the environment has no former version there', async () => {
    const server = await store();
    server.put('application/jwt-secret', ONE).put('application/jwt-secret', TWO);
    const { env } = await open({ ...server.env, JWT_SECRET: ONE });
    expect(env).not.toHaveProperty('JWT_PREVIOUS_SECRET');
  });

  it('rotate without a restart, and tell when each was written', async () => {
    const server = await store();
    const written = new Date('2025-03-01T08:00:00Z');
    server.put('application/jwt-secret', ONE, written);
    const secrets = await open({ ...server.env, SECRETS_TTL_MS: '100' });
    secrets.start();
    expect(secrets.states()).toMatchObject([{ name: 'JWT_SECRET', source: 'aws', writtenAt: written }]);
    const seen: unknown[] = [];
    const [current, previous] = [secrets.watch(jwtSecret), secrets.watch(jwtPreviousSecret)];
    current.onChange(() => seen.push([current.current, previous.current]));
    server.put('application/jwt-secret', TWO);
    await expect.poll(() => seen).toEqual([[TWO, ONE]]);
  });

  it('are looked for at once by whoever was refused, and not for each refusal', async () => {
    const server = await store();
    server.put('application/jwt-secret', ONE);
    const secrets = await open(server.env);
    secrets.start();
    const current = secrets.watch(jwtSecret);
    server.put('application/jwt-secret', TWO);
    await Promise.all([secrets.refresh(), secrets.refresh()]);
    expect(current.current).toBe(TWO);
    const asked = server.asked.length;
    await secrets.refresh();
    expect(server.asked).toHaveLength(asked);
  });

  const outages: [string, (server: SecretsManagerServer) => unknown, RegExp][] = [
    ['down', (server) => server.close(), /can't be reached \(ECONN\w+\)/],
    ['slow', (server) => (server.mood = { silent: true }), /no answer within 2500 ms/],
    [
      'denied',
      (server) => (server.mood = { error: 'AccessDeniedException' }),
      /access is denied \(AccessDeniedException\)/,
    ],
    [
      'failing',
      (server) => (server.mood = { error: 'InternalServiceError', status: 500 }),
      /it fails|no answer/,
    ],
    ['full of nonsense', (server) => (server.mood = { body: '<html>' }), /it fails/],
    [
      'answering without end',
      (server) => (server.mood = { body: `{"SecretString":"${'x'.repeat(1_000_000)}"}` }),
      /too large/,
    ],
  ];

  it.each(outages)(
    'stop the start while the store is %s, and say so without its words',
    async (_, spoil, says) => {
      const server = await store();
      server.put('application/jwt-secret', ONE);
      await spoil(server);
      const refused = open(server.env);
      await expect(refused).rejects.toThrow(ConfigError);
      await expect(refused).rejects.toThrow(says);
      await expect(refused).rejects.toThrow(
        'JWT_SECRET: AWS Secrets Manager, /mcp-demo/prod/application/jwt-secret',
      );
      await expect(refused).rejects.not.toThrow(/hunter2/);
    },
  );

  it.each(outages)(
    'go on as they were once the store is %s, and the operator is told once',
    async (_, spoil, says) => {
      const server = await store();
      server.put('application/jwt-secret', ONE);
      const secrets = await open({ ...server.env, SECRETS_TTL_MS: '100' });
      secrets.start();
      const news = newsOf(secrets);
      await spoil(server);
      await expect.poll(() => secrets.unavailable).toMatch(says);
      expect(secrets.watch(jwtSecret).current).toBe(ONE);
      expect(news).toMatchObject([{ event: 'secrets_unavailable' }]);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(JSON.stringify(warn.mock.calls)).not.toMatch(new RegExp(`hunter2|${ONE}`));
      server.mood = undefined;
      await server.close();
      await server.open();
      await expect.poll(() => secrets.unavailable).toBeUndefined();
      expect(news.at(-1)).toEqual({ event: 'secrets_available' });
    },
  );

  it('stop the start where AWS programs find no credentials', async () => {
    const server = await store();
    vi.stubEnv('HOME', await folder());
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    await expect(open(server.env)).rejects.toThrow('no AWS credentials are found');
    expect(server.asked).toEqual([]);
  });

  it('stay when their entry is deleted under way, and health says so', async () => {
    const server = await store();
    server.put('application/jwt-secret', ONE);
    const secrets = await open({ ...server.env, SECRETS_TTL_MS: '100' });
    secrets.start();
    server.delete('application/jwt-secret');
    await expect.poll(() => secrets.unavailable).toMatch(/jwt-secret AWSCURRENT: it is gone/);
    expect(secrets.watch(jwtSecret).current).toBe(ONE);
  });
});
