import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '#testing';
import { Browser } from '../support/browser.ts';
import { GatewayClient } from '../support/gateway-client.ts';
import { createClient } from '../support/oauth.ts';
import { PASSWORD } from '../support/people.ts';
import type { Fixture } from './fixture/open-fixture.ts';
import { readResults, SUITE, type SuiteRun } from './suite.ts';

const SCENARIOS = new Set(['authorization-server-metadata-endpoint', 'authorization-code-grant']);
const TIME_LIMIT_MS = 120_000;

/**
 * The suite's scenarios for authorization servers. It prints where a person is to log in; the person is made here, and
 * their browser too: the gateway knows of no shorter way.
 */
export async function runAuthorization(fixture: Fixture, verbose = false): Promise<SuiteRun> {
  const client = new GatewayClient(fixture.url, fixture.key);
  const port = await freePort();
  const callback = `http://127.0.0.1:${port}/callback`;
  const scopes = ['mcp:use', 'tools:call'];
  // Public: the suite sends no secret to a server that knows clients without one.
  const made = await createClient(client, { scopes, redirect_uris: [callback], public: true });
  await client.rest('/admin/users', { body: { name: 'conformance', role: 'employee', password: PASSWORD } });
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'));
  try {
    const options = {
      url: `${fixture.url}/oauth`,
      'client-id': made.client_id,
      resource: `${fixture.url}/mcp`,
      port: String(port),
      'output-dir': output,
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(process.execPath, [join(SUITE, 'dist/index.js'), 'authorization', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: TIME_LIMIT_MS,
    });
    const ended = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      if (verbose) process.stderr.write(`${line}\n`);
      if (line.startsWith(`${fixture.url}/oauth/authorize`)) await logIn(line.trim());
    }
    await ended;
    const scenarios = readResults(output, SCENARIOS);
    const missing = [...SCENARIOS].filter((name) => !scenarios.some((one) => one.name === name));
    const none = { required: true, ofTasks: false, passed: false, faults: ['it left no result'] };
    return {
      revision: 'authorization server',
      scenarios: [...scenarios, ...missing.map((name) => ({ name, ...none }))],
    };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

async function logIn(url: string): Promise<void> {
  const browser = new Browser();
  const form = { name: 'conformance', password: PASSWORD, totp: '' };
  const consent = await browser.submit(await browser.open(url), 'login', form);
  const back = await browser.submit(consent, 'consent');
  await (await fetch(back.url)).text();
}
