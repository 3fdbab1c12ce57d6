import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumProgram, databases } from '#testing';
import { auditRecords } from './support/audit-records.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';

const SETUP_MS = 400_000;

describe('a page in Chromium', () => {
  let browser: Browser;
  let pages: Server;
  let gateway: TestGateway;
  let origin: (host: string) => string;
  beforeAll(async () => {
    pages = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<title>A page</title>'),
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => pages.once('listening', resolve));
    const { port } = pages.address() as AddressInfo;
    origin = (host) => `http://${host}:${port}`;
    const executablePath = await chromiumProgram();
    const names = ['good.test', 'evil.test'].map((name) => `MAP ${name} 127.0.0.1`).join(',');
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', `--host-resolver-rules=${names}`],
    });
    const env = { CORS_ENABLED: 'true', CORS_ALLOWED_ORIGINS: origin('good.test') };
    gateway = await bootGateway(databases[0]!, { env });
  }, SETUP_MS);
  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
    pages?.close();
  });

  async function pageOf(host: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(origin(host));
    return page;
  }

  /** What a page hears when it opens a WebSocket and pings. */
  function ping(page: Page, key: string): Promise<string> {
    const url = `ws://127.0.0.1:${gateway.gateway.webSocketPort}/ws`;
    return page.evaluate(
      ([at, token]) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(at!, ['mcp', `bearer.${token}`]);
          socket.addEventListener('open', () => socket.send('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
          socket.addEventListener('message', ({ data }) => resolve(String(data)));
          socket.addEventListener('close', ({ code }) => resolve(`closed with ${code}`));
        }),
      [url, key],
    );
  }

  it('of an allowed Origin opens a WebSocket and is answered', async () => {
    const page = await pageOf('good.test');
    expect(await ping(page, await gateway.createKey())).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  });

  it('of another Origin does not, good as its key may be', async () => {
    const page = await pageOf('evil.test');
    expect(await ping(page, await gateway.createKey())).toBe('closed with 1006');
    expect(auditRecords(gateway.dataDir).at(-1)).toMatchObject({ code: 'ORIGIN_REFUSED', door: 'ws' });
  });

  it('of an allowed Origin reads what it is told, refusals too, and their headers', async () => {
    const page = await pageOf('good.test');
    const read = (path: string, method: string) =>
      page.evaluate(
        async ([url, verb]) => {
          const headers = { authorization: 'Bearer gk_wrong', 'content-type': 'application/json' };
          const answer = await fetch(url!, { method: verb!, headers });
          const { code } = (await answer.json()) as { code: string };
          return [answer.status, code, answer.headers.get('x-correlation-id') !== null];
        },
        [new URL(path, gateway.gateway.url).href, method],
      );
    expect(await read('/conversations', 'GET')).toEqual([403, 'CREDENTIAL_UNKNOWN', true]);
    expect(await read('/nowhere', 'GET')).toEqual([404, 'NOT_FOUND', true]);
    expect(await read('/search', 'PUT')).toEqual([405, 'METHOD_NOT_ALLOWED', true]);
  });

  it('of another Origin reads nothing', async () => {
    const page = await pageOf('evil.test');
    const url = new URL('/health', gateway.gateway.url).href;
    await expect(page.evaluate((at) => fetch(at), url)).rejects.toThrow(/Failed to fetch/);
  });

  it('cannot speak to the TCP port', async () => {
    const page = await pageOf('good.test');
    const url = `http://127.0.0.1:${gateway.gateway.tcpPort}/`;
    const body = '\n{"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"token":"x"}}\n';
    const post = page.evaluate(([at, text]) => fetch(at, { method: 'POST', mode: 'no-cors', body: text }), [
      url,
      body,
    ] as const);
    await expect(post).rejects.toThrow(/Failed to fetch/);
    expect(auditRecords(gateway.dataDir).filter(({ event }) => event === 'tcp_auth_failed')).toEqual([]);
  });
});
