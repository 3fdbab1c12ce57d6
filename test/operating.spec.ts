import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { securityHeaders } from '#transport';
import { OpenApiDocument } from '../apps/gateway/src/docs/open-api-document.ts';
import { EchoModule } from './fixtures/echo.module.ts';
import { codeOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';
import type { Answer, GatewayClient } from './support/gateway-client.ts';

/** All kinds of answer: allowed and refused by each stage, of both doors, both ports, and of files. */
const answers: [what: string, send: (api: GatewayClient, management: GatewayClient) => Promise<Answer>][] = [
  ['200', (api) => api.rest('/conversations')],
  ['201', (api) => api.rest('/conversations/ingest', { body: { conversation_id: 'c', content: 'text' } })],
  ['200 of MCP', (api) => api.rpc('tools/list')],
  [
    '202 of MCP',
    (api) => api.rest('/mcp', { body: { jsonrpc: '2.0', method: 'notifications/initialized' } }),
  ],
  ['400', (api) => api.rest('/search', { body: {} })],
  ['400 of MCP', (api) => api.rest('/mcp', { raw: '[' })],
  ['401', (api) => api.rest('/search', { key: '', body: {} })],
  ['401 of MCP', (api) => api.rpc('tools/list', {}, { key: 'unknown' })],
  ['403', (api) => api.rest('/search', { key: 'unknown', body: {} })],
  ['403 of an Origin', (api) => api.rest('/health', { headers: { origin: 'https://evil.example' } })],
  ['404', (api) => api.rest('/nowhere')],
  ['405', (api) => api.rest('/search')],
  ['405 of MCP', (api) => api.rest('/mcp')],
  ['413', (api) => api.rest('/search', { raw: ' '.repeat(2_000_000) })],
  ['415', (api) => api.rest('/search', { raw: 'text', headers: { 'content-type': 'text/plain' } })],
  ['a stream', (api) => api.rest('/rag/ask-stream', { body: { query: 'parcel' } })],
  ['a page', (api) => api.rest('/docs', { key: '' })],
  ['a script', (api) => api.rest('/docs/assets/swagger-ui-bundle.js', { key: '' })],
  ['a probe', (api) => api.rest('/ready', { key: '' })],
  ['metrics', (_, management) => management.rest('/metrics', { key: '' })],
  ['404 of the management port', (_, management) => management.rest('/conversations')],
];

describe('operating a gateway', () => {
  const gateway = useGateway(databases[0]!, { features: [EchoModule], env: { METRICS_PREFIX: 'mcp_' } });

  describe('probes', () => {
    it.each([
      ['/health', { status: 'ok', cache: { status: 'memory' } }],
      ['/ready', { status: 'ok' }],
      ['/startup', { status: 'ok' }],
    ])('%s is public, on both ports, and says only what it must', async (path, body) => {
      for (const client of [gateway().client, gateway().managementClient]) {
        expect(await client.rest(path, { key: '' })).toMatchObject({ status: 200, body });
      }
    });

    it('tell their details to those who may know them', async () => {
      const { managementClient, createKey } = gateway();
      expect((await managementClient.rest('/health/details', { key: '' })).status).toBe(401);
      const employee = await createKey({ role: 'employee' });
      expect((await managementClient.rest('/health/details', { key: employee })).status).toBe(403);
      expect((await managementClient.rest('/health/details')).body).toMatchObject({
        status: 'ok',
        details: { database: { status: 'up', engine: 'pglite' }, audit: { status: 'up' } },
      });
    });
  });

  describe('the management port', () => {
    it('keeps its routes, and serves no others', async () => {
      for (const path of ['/metrics', '/health/details', '/cache/health', '/performance/report']) {
        expect(await gateway().client.rest(path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      }
      for (const path of ['/conversations', '/admin/keys', '/docs', '/docs/openapi.json']) {
        const { status } = await gateway().managementClient.rest(path);
        expect({ path, status }).toEqual({ path, status: 404 });
      }
      for (const path of ['/mcp', '/conversations/ingest', '/echo']) {
        const { status } = await gateway().managementClient.rest(path, { body: {} });
        expect({ path, status }).toEqual({ path, status: 404 });
      }
    });

    it('counts what happens, under METRICS_PREFIX', async () => {
      const { client, managementClient, createKey } = gateway();
      const free = await createKey({ tier: 'free' });
      for (let i = 0; i < 11; i++) await client.rest('/echo', { key: free, body: { text: 'a' } });
      await client.rest('/echo', { key: 'unknown', body: { text: 'a' } });
      await client.rest('/echo', { raw: '{"__proto__":1}' });
      await client.rest('/conversations/ingest', { body: { conversation_id: 'c', content: 'text' } });
      await client.tool('search_conversations', { query: 'text' });

      const { headers, body } = await managementClient.rest('/metrics', { key: '' });
      expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
      const samples = samplesIn(body as string);
      expect([...samples.keys()].filter((name) => !name.startsWith('mcp_'))).toEqual([]);
      const counted = [
        'mcp_auth_failures_total{code="CREDENTIAL_UNKNOWN"}',
        'mcp_rate_limit_exceeded_total{limit="tier-minute"}',
        'mcp_security_violations_total{event="invalid_input"}',
        'mcp_request_duration_seconds_count{door="rest",operation="echo",result="allowed"}',
        'mcp_request_duration_seconds_count{door="mcp",operation="conversations.search",result="allowed"}',
        'mcp_concurrent_connections{type="http"}',
        'mcp_rag_conversations_ingested_total',
        'mcp_rag_queries_total{operation="conversations.search"}',
        'mcp_process_resident_memory_bytes',
      ];
      expect(counted.filter((name) => !(samples.get(name)! > 0))).toEqual([]);
      expect(samples.get('mcp_rag_cache_hits_total')).toBe(0);
      expect(samples.get('mcp_rag_cache_misses_total')).toBeGreaterThan(0);
      await client.tool('search_conversations', { query: 'text' });
      const later = samplesIn((await managementClient.rest('/metrics', { key: '' })).body as string);
      expect(later.get('mcp_rag_cache_hits_total')).toBe(1);
      expect(later.get('mcp_cache_hits_total{from="memory"}')).toBe(1);
    });

    it('has no series for what a stranger makes up', async () => {
      await gateway().client.rest('/a-stranger-was-here', { key: 'stranger' });
      await gateway().client.tool('a-stranger-was-here', {});
      const { body } = await gateway().managementClient.rest('/metrics', { key: '' });
      expect(body).not.toContain('stranger');
    });
  });

  describe('every answer', () => {
    it.each(answers)('has the security headers, the limits and an id: %s', async (_, send) => {
      const { headers } = await send(gateway().client, gateway().managementClient);
      const { 'content-security-policy': policy, ...others } = securityHeaders;
      expect(Object.fromEntries(headers)).toMatchObject(others);
      // Pages allow themselves their own scripts.
      for (const part of ["default-src 'none'", "frame-ancestors 'none'"]) {
        expect(policy).toContain(part);
        expect(headers.get('content-security-policy')).toContain(part);
      }
      expect(headers.get('x-ratelimit-limit')).toMatch(/^\d+$|^unlimited$/);
      expect(headers.get('x-ratelimit-remaining')).toMatch(/^\d+$|^unlimited$/);
      expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(1_700_000_000);
      expect(headers.get('x-correlation-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('server')).toBeNull();
    });

    it('has an id of its own, whatever its client would have it be', async () => {
      const headers = { 'x-correlation-id': 'mine', 'x-request-id': 'mine', 'request-id': 'mine' };
      const all = await Promise.all(
        Array.from({ length: 50 }, () => gateway().client.rest('/health', { headers })),
      );
      const ids = new Set(all.map((answer) => answer.headers.get('x-correlation-id')));
      expect(ids.size).toBe(50);
      expect(ids).not.toContain('mine');
    });
  });

  describe('a browser', () => {
    it('of another place is turned away at every route', async () => {
      const { client, managementClient } = gateway();
      const { document } = gateway().gateway.app.get(OpenApiDocument);
      const routes = Object.entries(document.paths).flatMap(([path, item]) =>
        Object.keys(item).map((verb) => ({ path, method: verb.toUpperCase() })),
      );
      expect(routes.length).toBeGreaterThan(15);
      for (const origin of [
        'https://evil.example',
        'null',
        'http://localhost.evil.example',
        'http://127.0.0.1@evil.example',
      ]) {
        const headers = { origin };
        for (const { path, method } of [
          ...routes,
          { path: '/mcp', method: 'POST' },
          { path: '/nowhere', method: 'GET' },
        ]) {
          const door = /^\/(metrics|health\/)/.test(path) ? managementClient : client;
          const body = method === 'POST' ? {} : undefined;
          const answer = await door.rest(path, { method, headers, body });
          expect({ path, status: answer.status, code: codeOf(answer) }).toEqual({
            path,
            status: 403,
            code: 'ORIGIN_REFUSED',
          });
        }
      }
    });

    it('on this machine may call, and gets no CORS headers where CORS is off', async () => {
      const answer = await gateway().client.rest('/health', { headers: { origin: 'http://localhost:5173' } });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });
  });
});

describe('CORS', () => {
  const origin = 'https://console.example';
  const gateway = useGateway(databases[0]!, { env: { CORS_ENABLED: 'true', CORS_ALLOWED_ORIGINS: origin } });
  const preflight = (from: string) =>
    gateway().client.rest('/search', {
      method: 'OPTIONS',
      key: '',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });

  it('lets an origin on the list ask first, and call', async () => {
    const asked = await preflight(origin);
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, PUT, DELETE',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '3600',
      'x-content-type-options': 'nosniff',
      'x-correlation-id': expect.any(String),
    });
    const called = await gateway().client.rest('/search', { body: { query: 'parcel' }, headers: { origin } });
    expect(called.status).toBe(200);
    expect(called.headers.get('access-control-allow-origin')).toBe(origin);
    const refused = await gateway().client.rest('/search', { key: '', body: {}, headers: { origin } });
    expect(refused.headers.get('access-control-allow-origin')).toBe(origin);
  });

  it('turns all others away, also when they only ask', async () => {
    for (const from of ['https://evil.example', 'http://console.example', `${origin}.evil.example`]) {
      const answer = await preflight(from);
      expect(answer).toMatchObject({ status: 403, body: { code: 'ORIGIN_REFUSED' } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

/** The samples of a Prometheus text, by name and labels. */
function samplesIn(exposition: string): Map<string, number> {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
