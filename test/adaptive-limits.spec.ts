import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { journalEntries } from './support/audit-records.ts';
import { useGateway } from './support/gateway.ts';

const WAIT = { timeout: 20_000, interval: 100 };

describe('adaptive limits', () => {
  const gateway = useGateway(databases[0]!, {
    features: [EchoModule],
    env: {
      ADAPTIVE_LIMITS_ENABLED: 'true',
      ADAPTIVE_REFUSALS_PER_SECOND: '20',
      ADAPTIVE_TIGHTEN_SECONDS: '1',
      ADAPTIVE_RELAX_SECONDS: '2',
      ADAPTIVE_LOOP_DELAY_MS: '30000',
      RATE_LIMIT_GLOBAL_MAX: '100000',
      RATE_LIMIT_CLIENT_MAX: '10000',
      AUTH_FAILURES_MAX: '1000000',
    },
  });
  const limitOf = async (key: string, path: string) =>
    (await gateway().client.rest(path, { key })).headers.get('x-ratelimit-limit');
  const steps = () => journalEntries(gateway().dataDir).filter(({ event }) => event?.startsWith('limits_'));

  it('leave a burst of a good client alone', async () => {
    const key = await gateway().createKey();
    for (let round = 0; round < 15; round++) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => gateway().client.rest('/echo', { key, body: { text: 'a' } })),
      );
      expect(answers.every(({ status }) => status === 201)).toBe(true);
    }
    expect(steps()).toEqual([]);
  });

  it('tighten those of strangers while strangers flood, tell so, and relax after it', async () => {
    const key = await gateway().createKey();
    const before = [await limitOf('', '/docs'), await limitOf(key, '/conversations')];
    const flood = setInterval(
      () =>
        void gateway()
          .client.rest('/conversations', { key: 'gk_no' })
          .catch(() => undefined),
      10,
    );
    try {
      await expect.poll(() => limitOf('', '/docs'), WAIT).not.toBe(before[0]);
      expect(await limitOf(key, '/conversations')).toBe(before[1]);
      const status = await gateway().client.rest('/admin/limits/somebody');
      expect(status.body).toMatchObject({ tightened: { everyone: 1 } });
      const { body } = await gateway().managementClient.rest('/metrics', { key: '' });
      expect(Number(/^gatehouse_limits_factor_anonymous (\S+)$/m.exec(body as string)?.[1])).toBeLessThan(1);
      expect(body).toContain('gatehouse_limits_factor_everyone 1\n');
    } finally {
      clearInterval(flood);
    }
    await expect.poll(() => limitOf('', '/docs'), WAIT).toBe(before[0]);
    expect((await gateway().client.rest('/admin/limits/somebody')).body).not.toHaveProperty('tightened');
    expect(steps()[0]).toMatchObject({
      event: 'limits_tightened',
      severity: 'HIGH',
      notes: { scope: 'strangers', factor: 0.5, cause: 'refusals' },
    });
    expect(steps().at(-1)).toMatchObject({
      event: 'limits_relaxed',
      severity: 'MEDIUM',
      notes: { factor: 1 },
    });
  });
});
