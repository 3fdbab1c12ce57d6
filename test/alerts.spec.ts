import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChainWatch } from '#audit';
import { databases, promtool, scratchFolder, useValkey } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { Document } from './support/documents.ts';
import { Exposition } from './support/exposition.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { ROOT } from './support/root.ts';

const RULES = 'docker/prometheus/rules/gatehouse.yml';
const TESTS = 'docker/prometheus/rules/gatehouse.test.yml';
const DASHBOARD = 'docker/grafana/dashboards/gatehouse.json';
/** The first run may have to install Prometheus. */
const SETUP_TIMEOUT_MS = 600_000;

const rules = readFileSync(join(ROOT, RULES), 'utf8');
const tests = readFileSync(join(ROOT, TESTS), 'utf8');
const alerts = rules
  .split(/^ +- alert: /m)
  .slice(1)
  .map((text) => ({
    name: text.split('\n')[0]!,
    expr: /expr: (.*?)\n +(?:for|labels):/s.exec(text)![1]!,
    text,
  }));

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string }[];
}
const dashboard = JSON.parse(readFileSync(join(ROOT, DASHBOARD), 'utf8')) as {
  panels: Panel[];
  templating: { list: { query: string | { query: string } }[] };
  annotations: { list: { expr: string }[] };
};
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

describe('what operators look at', () => {
  const valkey = useValkey({ maxmemory: '64mb', maxmemoryPolicy: 'noeviction' });
  let exposed: Exposition;

  let gateway: TestGateway;

  const scrape = async (): Promise<Exposition> => {
    const { body } = await gateway.managementClient.rest('/metrics', { key: '' });
    return new Exposition(body as string);
  };

  beforeAll(async () => {
    gateway = await bootGateway(databases[0]!, {
      features: [EchoModule],
      env: { VALKEY_URL: valkey().url, RATE_LIMIT_CLIENT_MAX: '3' },
    });
    const { client, createKey } = gateway;
    await client.rest('/conversations/ingest', { body: { conversation_id: 'c', content: 'text' } });
    await client.rest('/search', { body: { query: 'text' } });
    const key = await createKey();
    for (let i = 0; i < 4; i++) await client.rest('/conversations', { key });
    exposed = await scrape();
  }, SETUP_TIMEOUT_MS);
  afterAll(() => gateway?.close());

  describe('the figures', () => {
    it('say how it is with what a gateway stands on', () => {
      const least = Object.entries({
        audit_journal_up: 1,
        audit_signing_up: 1,
        audit_records_total: 3,
        audit_verified_timestamp_seconds: 1_700_000_000,
        database_up: 1,
        database_connections_limit: 1,
        disk_free_bytes: 1,
        memory_limit_bytes: 64 * 1024 * 1024,
        connections_limit: 1000,
        'door_connections_limit{type="ws"}': 100,
        'door_connections_limit{type="tcp"}': 50,
        'valkey_up{connection="state"}': 1,
        'valkey_memory_limit_bytes{connection="state"}': 64 * 1024 * 1024,
        'refusals_total{code="RATE_LIMITED"}': 1,
      });
      expect(least.filter(([name, value]) => !(exposed.value(name) >= value))).toEqual([]);
      // The question of the scrape itself is none that waits.
      expect(exposed.value('database_connections_waiting')).toBe(0);
      expect(exposed.value('database_latency_seconds')).toBeLessThan(1);
      expect(exposed.value('valkey_latency_seconds{connection="cache"}')).toBeLessThan(1);
      expect(exposed.value('refusals_total{code="ACCESS_REFUSED"}')).toBe(0);
      expect(exposed.value('secrets_unavailable')).toBe(0);
      expect(exposed.value('tls_certificate_expires_timestamp_seconds')).toBeNaN();
      expect(exposed.missing('gatehouse_nothing + gatehouse_valkey_up{colour="red"}')).toEqual([
        'gatehouse_nothing',
        'gatehouse_valkey_up{colour}',
      ]);
    });

    it('count a secret that was in an answer', async () => {
      const secret = `ghp_${'a1B2'.repeat(9)}`;
      const before = exposed.value('masked_secrets_total');
      const { body } = await gateway.client.rest('/echo', { body: { text: `the token ${secret}` } });
      expect(JSON.stringify(body)).not.toContain(secret);
      expect((await scrape()).value('masked_secrets_total')).toBeGreaterThan(before);
    });

    it('tell of a chain that was verified', async () => {
      expect(exposed.value('audit_chain_faults')).toBeNaN();
      await gateway.gateway.app.get(ChainWatch).look();
      expect((await scrape()).value('audit_chain_faults')).toBe(0);
    });

    it('tell of a password that Valkey refuses', async () => {
      const name = 'valkey_password_refused{connection="state"}';
      expect(exposed.value(name)).toBe(0);
      await valkey().restart({ password: 'another' });
      await expect.poll(async () => (await scrape()).value(name)).toBe(1);
      expect((await scrape()).value('valkey_up{connection="state"}')).toBe(0);
    });
  });

  describe('the alerts', () => {
    it('are well made, and fire when they should and only then', { timeout: SETUP_TIMEOUT_MS }, async () => {
      expect(await promtool(['check', 'rules', RULES], { cwd: ROOT })).toContain(
        `${alerts.length} rules found`,
      );
      expect(await promtool(['test', 'rules', TESTS], { cwd: ROOT })).toContain('SUCCESS');
    });

    it.each(alerts)(
      '$name asks for metrics that a gateway exposes, with labels that they have',
      ({ expr }) => {
        expect(exposed.missing(expr)).toEqual([]);
        expect(expr).toMatch(/\bgatehouse_\w+|\bup\{job="gatehouse"\}/);
      },
    );

    it.each(alerts)('$name has a severity, a test, and a runbook that is there', ({ name, text }) => {
      expect(text).toMatch(/^ +severity: (warning|critical)$/m);
      expect(text).toMatch(/^ +summary: '[A-Z].*[^.]'$/m);
      expect(text).toMatch(/^ +description: '.*\.'$/m);
      expect(tests).toContain(`- name: ${name}\n`);
      const runbook = /^ +runbook: (\S+)$/m.exec(text)![1]!;
      expect(runbook).toMatch(/^docs\/runbooks\/[\w-]+\.md#[\w-]+$/);
      expect(new Document('README.md').leadsSomewhere(runbook)).toBe(true);
    });
  });

  describe('the dashboard', () => {
    const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

    it.each(panels)(
      '$title asks for metrics that a gateway exposes, with labels that they have',
      ({ targets }) => {
        expect(targets!.length).toBeGreaterThan(0);
        expect(targets!.flatMap(({ expr }) => exposed.missing(expr))).toEqual([]);
      },
    );

    it('finds its gateways, and their starts, by such metrics too', () => {
      const { templating, annotations } = dashboard;
      const others = [
        ...templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query)),
        ...annotations.list.map(({ expr }) => expr),
      ];
      expect(others.flatMap((query) => exposed.missing(query))).toEqual([]);
    });

    it('asks only what Prometheus understands', { timeout: SETUP_TIMEOUT_MS }, async () => {
      await using scratch = await scratchFolder();
      const file = join(scratch.path, 'queries.yml');
      const records = queries.map(({ expr }, index) => ({ record: `query${index}`, expr: filledIn(expr) }));
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: records }] }));
      expect(await promtool(['check', 'rules', file])).toContain(`${queries.length} rules found`);
    });
  });
});

/** As Grafana does it. */
function filledIn(query: string): string {
  return query
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$job', 'gatehouse')
    .replaceAll('$instance', '.*');
}
