import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { databases, freePort, scratchFolder } from '#testing';
import { gatehouse as program } from '../apps/cli/src/program.ts';
import { WeatherModule } from './fixtures/weather.module.ts';
import { allDocuments, Document } from './support/documents.ts';
import { ROOT } from './support/root.ts';
import { GatewayClient } from './support/gateway-client.ts';
import { useGateway } from './support/gateway.ts';
import { gatehouse, run } from './support/run.ts';

const documents = allDocuments();
const readme = new Document('README.md');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

describe.each(documents)('$path', (document) => {
  it('links to what is there', () => {
    expect(document.brokenLinks()).toEqual([]);
  });

  it('names files and folders that are there', () => {
    const paths = document.codes.filter((code) => /^(apps|libs|test|docs|docker|k8s)\/[\w./-]+$/.test(code));
    // A name to fill in, and what a command makes.
    const placeholders = /\b(NAME|X)\b|^docker\/secrets\b/;
    expect(paths.filter((path) => !placeholders.test(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names scripts of npm that are there', () => {
    const named = [...document.text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

/** `gatehouse keys create` and its options, as the documents write it. */
const commands = new Map<string, Set<string>>();
for (const code of documents.flatMap(({ codes }) => codes)) {
  const [, words] = /^(?:npx )?gatehouse ([a-z][a-z-]*(?: [a-z][a-z-]*)*)/.exec(code) ?? [];
  if (words === undefined) continue;
  const options = commands.get(words) ?? new Set();
  for (const [option] of code.matchAll(/--[a-z][a-z-]*/g)) options.add(option);
  commands.set(words, options);
}

describe('the commands that the documents name', () => {
  it.each([...commands])('gatehouse %s is one', (words, options) => {
    let command = program();
    for (const word of words.split(' ')) command = command.commands.find((one) => one.name() === word)!;
    const help = command.helpInformation();
    expect(help).toContain(`Usage: gatehouse ${words} `);
    for (const option of options) expect(help).toContain(option);
  });
});

describe('the settings in README.md', () => {
  it('are those that `gatehouse settings` lists', async () => {
    const { out } = await gatehouse(['settings']);
    expect(readme.between('settings')?.trim()).toBe(out.trim());
  });
});

describe('npm start', () => {
  it('prints a key, listens, and ends well when npm is told to', { timeout: 120_000 }, async () => {
    await using data = await scratchFolder();
    const [port, managementPort] = [await freePort(), await freePort()];
    const client = new GatewayClient(`http://127.0.0.1:${port}`, '');
    const answering = async (): Promise<void> => {
      while (!(await client.rest('/startup').catch(() => undefined))) await sleep(100);
    };
    const { code, out } = await run('npm', ['start'], {
      env: {
        DATA_DIR: data.path,
        PORT: `${port}`,
        MANAGEMENT_PORT: `${managementPort}`,
        WS_PORT: '0',
        TCP_PORT: '0',
      },
      interruption: answering(),
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^ +gk_\w+$/m);
    // Not left behind without its npm, still listening: it has closed its journal.
    const verified = await gatehouse(['audit', 'verify', '--data-dir', data.path, '--json']);
    expect(JSON.parse(verified.out)).toMatchObject({ valid: true, chains: [{ state: 'closed' }] });
  });
});

describe('the examples', () => {
  const gateway = useGateway(databases[0]!, { features: [WeatherModule] });

  it('of README.md, with curl: a health check, an ingest, a search and a question', async () => {
    await using home = await scratchFolder();
    const { host } = new URL(gateway().client.url);
    const [, port] = host.split(':');
    // As the reader's: an error of HTTP ends the script, and each answer stands on a line of its own.
    const curlrc = ['fail', 'write-out = "\\n"', `connect-to = "localhost:8000:127.0.0.1:${port}"`];
    writeFileSync(join(home.path, '.curlrc'), curlrc.join('\n'));
    const script = readme.blocks('sh').find((block) => block.includes('curl'))!;
    const key = await gateway().createKey({ role: 'service' });

    const { code, out, err } = await run('bash', ['-euo', 'pipefail'], {
      env: { HOME: home.path },
      input: script.replace('gk_…', key),
    });

    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [health, ingested, found, asked] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(health).toMatchObject({ status: 'ok', cache: {} });
    expect(ingested).toMatchObject({ conversation_id: 'c-1', chunks_created: 2, success: true });
    const porto = expect.objectContaining({ conversation_id: 'c-1', text: expect.stringContaining('Porto') });
    expect(found).toMatchObject({ results: expect.arrayContaining([porto]) });
    expect(asked).toMatchObject({
      answer: expect.stringMatching(/Porto.*\[Source \d\]/),
      sources: expect.arrayContaining([porto]),
    });
  });

  it('of README.md, with the official client', async () => {
    const [example] = readme.blocks('ts');
    expect(example).toBe(fixture('first-call.ts'));
    const body = { conversation_id: 'c-1', content: 'It waits for you at the post office in Porto.' };
    await gateway().client.rest('/conversations/ingest', { body });

    const { code, out, err } = await run(process.execPath, ['--input-type=module-typescript'], {
      env: { GATEHOUSE_API_KEY: await gateway().createKey({ role: 'service' }) },
      input: example!.replace('http://localhost:8000', gateway().client.url),
    });

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(body.content);
  });

  it('of docs/write-a-tool.md: a tool that is shown, called, checked and recorded', async () => {
    expect(new Document('docs/write-a-tool.md').blocks('ts')).toEqual([fixture('weather.module.ts')]);
    const { client } = gateway();

    const { body } = await client.rpc('tools/list');
    expect((body as { result: { tools: object[] } }).result.tools).toContainEqual(
      expect.objectContaining({
        name: 'get_weather',
        inputSchema: expect.objectContaining({
          properties: { city: { type: 'string', minLength: 1, maxLength: 80 } },
          required: ['city'],
          additionalProperties: false,
        }),
      }),
    );
    const answer = await client.tool('get_weather', { city: 'Porto' });
    expect(answer.body).toMatchObject({ result: { structuredContent: { city: 'Porto', sky: 'clear' } } });
    expect(await gateway().recordOf(answer)).toMatchObject({ result: 'allowed', operation: 'get_weather' });
    for (const bad of [{}, { city: '' }, { city: 'Porto', country: 'Portugal' }]) {
      const { body: refusal } = await client.tool('get_weather', bad);
      expect(refusal).toMatchObject({ result: { isError: true } });
    }
    expect((await client.tool('get_weather', { city: 'Porto' }, { key: '' })).status).toBe(401);
  });

  it('of docs/errors.md: a refusal, as REST words it', async () => {
    const [example] = new Document('docs/errors.md')
      .blocks('json')
      .map((block) => JSON.parse(block) as object);
    const key = await gateway().createKey({ role: 'employee' });
    const { status, body } = await gateway().client.rest('/admin/keys', {
      key,
      body: { name: 'a', role: 'admin' },
    });
    expect(status).toBe(403);
    expect(body).toEqual({ ...example, correlation_id: expect.any(String) });
  });
});

function fixture(name: string): string {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
}
