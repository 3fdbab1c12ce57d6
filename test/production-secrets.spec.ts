import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definedConfigs } from '#config';
import { productionFindings } from '#secrets';
import { databases, scratchFolder, type ScratchFolder, type TestDatabase } from '#testing';
import { settingRows } from '../apps/cli/src/settings.command.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { ROOT } from './support/root.ts';
import { gatehouse } from './support/run.ts';

const WEAK = 'changeme-changeme-changeme-changeme';
const faulty: Record<string, string> = {
  NODE_ENV: 'production',
  JWT_SECRET: WEAK,
  MCP_SIG_SECRET: 'Zq8vT2mXr5LkW9pNc3HbYd7JfGs4UeAo1RiBt',
  AGENT_SIG_SECRET: 'Zq8vT2mXr5LkW9pNc3HbYd7JfGs4UeAo1RiBt',
  VALKEY_URL: 'redis://127.0.0.1:1',
  CORS_ENABLED: 'true',
  CORS_ALLOWED_ORIGINS: '*',
  PUBLIC_URL: 'http://gateway.example',
  RATE_LIMIT_GLOBAL_MAX: 'many',
};
const said = [
  'RATE_LIMIT_GLOBAL_MAX is "many": it must be a whole number from 1 to 1000000000',
  'ADMIN_SECRET_KEY is missing: production needs it',
  'VALKEY_PASSWORD is missing: production needs it, since VALKEY_URL holds no password',
  'JWT_SECRET is too weak for production: it is a well-known value, or holds a word of one',
  'MCP_SIG_SECRET and AGENT_SIG_SECRET have the same value: each needs its own',
  'CORS_ALLOWED_ORIGINS has *, which lets any page call: name the pages',
  'PUBLIC_URL begins with http://: what is sent there in production needs https://',
];

describe('a start in production', () => {
  let database: TestDatabase;
  let home: ScratchFolder;
  beforeAll(async () => {
    [database, home] = await Promise.all([databases[0]!.create(), scratchFolder()]);
  });
  afterAll(async () => {
    await Promise.all([database.remove(), home.remove()]);
  });

  it('is refused for all faults at once, and touches nothing', async () => {
    const untouched = join(home.path, 'never-made');
    const refused = await gatehouse(['start'], { env: { ...faulty, DATA_DIR: untouched } });
    const listed = refused.err.split('\n').filter((line) => line.startsWith('  - '));
    expect(listed.map((line) => line.slice(4)).toSorted()).toEqual(said.toSorted());
    expect(refused.code).toBe(1);
    expect(refused.out + refused.err).not.toMatch(/changeme|Zq8v/);
    expect(() => statSync(untouched)).toThrow('ENOENT');
  });

  it('is foretold by `gatehouse secrets check`, wherever that runs', async () => {
    const { NODE_ENV: _, ...env } = faulty;
    const checked = await gatehouse(['secrets', 'check', '--json'], { env });
    expect(checked.code).toBe(1);
    expect((JSON.parse(checked.out) as { faults: string[] }).faults.toSorted()).toEqual(said.toSorted());
  });

  it('goes well with the secrets that `gatehouse secrets generate` makes, and says nothing of them', async () => {
    const folder = join(home.path, 'secrets');
    const made = await gatehouse(['secrets', 'generate', '--out', folder]);
    expect(made).toMatchObject({ code: 0, err: '' });
    const files = readdirSync(folder);
    const values = files.map((name) => readFileSync(join(folder, name), 'utf8').trim());
    for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    for (const value of values) expect(made.out).not.toContain(value);

    const again = await gatehouse(['secrets', 'generate', '--out', folder]);
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toContain('Nothing was written');
    expect(files.map((name) => readFileSync(join(folder, name), 'utf8').trim())).toEqual(values);

    const named = Object.fromEntries(
      made.out
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    );
    const env = { NODE_ENV: 'production', ...database.env, ...named };
    expect(await gatehouse(['secrets', 'check'], { env })).toMatchObject({
      code: 0,
      out: 'Fit for production\n',
    });
    const key = readFileSync(join(folder, 'GATEHOUSE_API_KEY'), 'utf8').trim();
    const process = await GatewayProcess.start(env);
    try {
      const answer = await process.client.rest('/admin/secrets', { key });
      expect(answer.status).toBe(200);
      for (const value of values) expect(JSON.stringify(answer.body) + process.output).not.toContain(value);
      expect(process.output).not.toContain('Not fit for production');
    } finally {
      await process.stop();
    }
  });

  it('needs none of the values that the documents show', async () => {
    await settingRows();
    const names = new Set(
      definedConfigs().flatMap(({ settings }) =>
        Object.values(settings).flatMap(({ env, secret }) => (secret ? [env] : [])),
      ),
    );
    const places = ['README.md', ...readdirSync(ROOT).filter((name) => name.startsWith('.env'))];
    const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
    const texts = [
      ...places,
      ...docs.map((name) => join('docs', name)).filter((name) => name.endsWith('.md')),
    ].map((name) => readFileSync(join(ROOT, name), 'utf8'));
    const shown = texts.flatMap((text) => [...text.matchAll(/\b([A-Z][A-Z0-9_]+)=["']?([^\s"'`$]{4,})/g)]);
    const values = shown.flatMap(([, name, value]) =>
      names.has(name!) ? [{ name: name!, value: value! }] : [],
    );
    expect(values.length).toBeGreaterThan(0);
    for (const { name, value } of values) {
      const { faults } = productionFindings([{ name, value, isSet: true, secret: true }]);
      expect({ name, refused: faults.some((fault) => fault.startsWith(`${name} is too weak`)) }).toEqual({
        name,
        refused: true,
      });
    }
  });
});
