import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../../../apps/gateway/src/gateway.ts';
import { EchoModule } from '../../fixtures/echo.module.ts';
import { moreTools } from './more-tools.ts';
import { ready } from './ready.ts';

const ADMIN_KEY = 'only-for-the-bench-0123456789-abcdefghijkl';
const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));

const port = Number(process.env['BENCH_PORT']);
const gateway = await startGateway({
  env: {
    DATA_DIR: dataDir,
    GATEHOUSE_API_KEY: ADMIN_KEY,
    PORT: String(port),
    MANAGEMENT_PORT: '0',
    WS_PORT: process.env['BENCH_WS_PORT'] ?? '0',
    TCP_PORT: process.env['BENCH_TCP_PORT'] ?? '0',
    WS_MAX_CONNECTIONS: '100000',
    MAX_CONNECTIONS: '100000',
    MAX_CONNECTIONS_PER_ADDRESS: '100000',
    LOG_LEVEL: 'warn',
    MAX_CONCURRENT_SESSIONS: process.env['BENCH_SESSIONS_PER_CLIENT'] ?? '10',
    AUDIT_DURABILITY: 'strict',
    // Raised so that none refuses; each is counted all the same.
    RATE_LIMIT_TIERS: 'pro=10000000/100000000',
    RATE_LIMIT_GLOBAL_MAX: '10000000',
    RATE_LIMIT_ADDRESS_MAX: '10000000',
    RATE_LIMIT_OPERATIONS: 'echo=10000000/60',
    ...(process.env['BENCH_VALKEY_URL'] && { VALKEY_URL: process.env['BENCH_VALKEY_URL'] }),
    ...(process.env['BENCH_LIMITS'] === 'off' && { RATE_LIMIT_ENABLED: 'false' }),
    ...(process.env['BENCH_CACHE'] === 'off' && { ENABLE_CACHE: 'false' }),
  },
  features: [EchoModule, moreTools(Number(process.env['BENCH_TOOLS'] ?? 1) - 1)],
});
const keys: string[] = [];
while (keys.length < Number(process.env['BENCH_KEYS'] ?? 1)) keys.push(await createKey());
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
const credential = process.env['BENCH_CREDENTIAL'] === 'token' ? await logIn() : keys[0];
ready({ port, headers: { authorization: `Bearer ${credential}` }, keys });

async function createKey(): Promise<string> {
  const order = { name: `bench ${keys.length}`, role: 'service', tier: 'pro' };
  return ((await post('/admin/keys', order)) as { key: string }).key;
}

/** The access token of a user with the rights and limits of the keys. */
async function logIn(): Promise<string> {
  const person = { name: 'bench', password: 'a long walk by the river' };
  await post('/admin/users', { ...person, role: 'service', tier: 'pro' });
  const { access_token: token } = (await post('/auth/login', person)) as { access_token: string };
  return token;
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.json();
}
