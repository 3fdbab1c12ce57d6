import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '#config';
import { certificate, scratchFolder } from '#testing';
import { ApiClient } from './api-client.ts';
import { CommandError } from './command-error.ts';

const KEY = 'k'.repeat(40);
let server: Server | undefined;

/** Something that listens where the gateway is expected, and answers as told. */
async function answering(listener: (...args: Parameters<RequestListener>) => unknown): Promise<string> {
  server = createServer((request, response) => void listener(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (status: number, body: unknown) =>
  answering((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });

const ask = async (url: string) =>
  new ApiClient({ url }, { GATEHOUSE_API_KEY: KEY }).request('GET', '/admin/keys');
const failure = async (asking: Promise<unknown>): Promise<CommandError> => {
  const error: unknown = await asking.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CommandError);
  expect((error as CommandError).message).not.toContain(KEY);
  return error as CommandError;
};

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('ApiClient', () => {
  it('sends the key, the query and the body, and gives the answer', async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const url = await answering(async (request, response) => {
      seen.push({ request, body: await text(request) });
      response.end('{"done":true}');
    });
    const client = new ApiClient({ url: `${url}/` }, { SUPEREGO_API_KEY: KEY });
    const query = { skip: 0, force: true, absent: undefined, odd: 'ä &?' };
    expect(await client.request('POST', '/a/b', { query, body: { name: 'ü' } })).toEqual({ done: true });
    expect(await client.request('DELETE', '/a')).toEqual({ done: true });
    const [first, second] = seen as [(typeof seen)[0], (typeof seen)[0]];
    expect(first.request.url).toBe('/a/b?skip=0&force=true&odd=%C3%A4+%26%3F');
    expect(first.request.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
    });
    expect(first.body).toBe('{"name":"ü"}');
    expect(second.request.headers['content-type']).toBeUndefined();
  });

  it('reads the key from a file, whatever the environment says', async () => {
    await using folder = await scratchFolder();
    const keyFile = join(folder.path, 'key');
    await writeFile(keyFile, 'the-key-of-the-file\n');
    const seen: (string | undefined)[] = [];
    const url = await answering((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    await new ApiClient({ url, keyFile }, { GATEHOUSE_API_KEY: KEY }).request('GET', '/');
    expect(seen).toEqual(['Bearer the-key-of-the-file']);
  });

  it('says what to do when there is no key', async () => {
    expect(() => new ApiClient({}, {})).toThrow('No API key: set GATEHOUSE_API_KEY, or name a file');
    expect(() => new ApiClient({}, { GATEHOUSE_API_KEY: 'short' })).toThrow(ConfigError);
    expect(() => new ApiClient({ keyFile: '/nowhere/key' }, {})).toThrow("can't be read (ENOENT)");
    await using folder = await scratchFolder();
    for (const content of ['', 'two words', 'two\nlines']) {
      const keyFile = join(folder.path, 'key');
      await writeFile(keyFile, content);
      expect(() => new ApiClient({ keyFile }, {})).toThrow('does not hold one API key');
    }
  });

  it.each(['localhost:8000', 'ftp://localhost', 'http://', 'http://a b'])('refuses the URL "%s"', (url) => {
    expect(() => new ApiClient({ url }, { GATEHOUSE_API_KEY: KEY })).toThrow(ConfigError);
  });

  it('says so when nobody listens', async () => {
    const url = await json(200, {});
    server?.close();
    const error = await failure(ask(url));
    expect(error.message).toBe(
      `No Gatehouse answers at ${url} (ECONNREFUSED): is it started? GATEHOUSE_URL or --url says where it is`,
    );
    expect(error.exitCode).toBe(3);
  });

  it('asks whether it is https where a port with TLS hangs up, and the other way round', async () => {
    const tls = createTlsServer(await certificate()).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    const { port } = tls.address() as AddressInfo;
    expect((await failure(ask(`http://localhost:${port}`))).message).toContain('is it https there?');
    tls.close();
    const clear = await json(200, {});
    const error = await failure(ask(clear.replace('http:', 'https:')));
    expect(error.message).toContain('is it http there?');
    expect(error.exitCode).toBe(3);
  });

  it('says how to trust a certificate that nobody here vouches for', async () => {
    const tls = createTlsServer(await certificate()).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    const { port } = tls.address() as AddressInfo;
    const error = await failure(ask(`https://localhost:${port}`));
    tls.close();
    expect(error.message).toContain('NODE_EXTRA_CA_CERTS names a file of the certificates to trust');
    expect(error.exitCode).toBe(3);
  });

  it.each([
    ['a page', 200, 'text/html', '<h1>It works!</h1>'],
    ['nothing', 502, 'text/plain', ''],
    ['half an answer', 200, 'application/json', '{"keys":['],
  ])('says so when what answers is no Gatehouse: %s', async (_, status, type, body) => {
    const url = await answering((__, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    expect(await failure(ask(url))).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining(`HTTP ${status} without JSON`) as string,
    });
  });

  it('takes the key nowhere else', async () => {
    let followed = false;
    const url = await answering((request, response) => {
      followed ||= request.url === '/elsewhere';
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect((await failure(ask(url))).exitCode).toBe(3);
    expect(followed).toBe(false);
  });

  it.each([
    [401, 4],
    [403, 4],
    [404, 1],
    [409, 1],
    [429, 1],
    [500, 1],
  ])('tells an answer of %i by the exit code %i, in the words of the gateway', async (status, exitCode) => {
    const answer = { error: 'What it says', code: 'X', correlation_id: 'id-1', more: 'docs/errors.md#x' };
    const error = await failure(ask(await json(status, answer)));
    expect(error.exitCode).toBe(exitCode);
    const id = status >= 500 ? '\n  correlation id id-1' : '';
    expect(error.message).toBe(`What it says${id}\n  → docs/errors.md#x`);
  });

  it('shows each fault of an input, and is not led astray by an odd answer', async () => {
    const faults = [
      { path: '/name', message: 'is required' },
      { path: '', message: 'is no object' },
    ];
    const bad = await failure(ask(await json(400, { error: 'Bad', details: { faults } })));
    expect(bad.message).toBe('Bad\n  /name: is required\n  (the input): is no object');
    server?.close();
    for (const odd of [null, [], 'text', { error: 7, details: { faults: 'none' } }]) {
      expect((await failure(ask(await json(400, odd)))).message).toBe('The gateway answered with HTTP 400');
      server?.close();
    }
  });
});
