import { register } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { allowed, Call, refusedBy, type Operation } from '#call';
import { CredentialUnknown, InvalidInput, wire } from '#errors';
import { CallMetrics } from './call-metrics.recorder.ts';
import { Metrics } from './metrics.ts';

const ask: Operation = { name: 'rag.ask', permission: 'rag:ask' };

function callOf(operation: Operation | undefined, address = '192.0.2.1'): Call {
  const call = new Call({ door: 'mcp', address, authorization: undefined });
  call.operation = operation;
  return call;
}

async function valuesOf(name: string): Promise<Record<string, number>> {
  const metric = await register.getSingleMetric(`test_${name}`)!.get();
  return Object.fromEntries(
    metric.values
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [Object.values(labels).join(' ') || 'all', value]),
  );
}

describe('CallMetrics', () => {
  let recorder: CallMetrics;

  beforeEach(() => {
    register.clear();
    recorder = new CallMetrics(new Metrics('test_'));
  });

  it('counts the questions that were answered, and not the prompt that only words one', async () => {
    for (const operation of [ask, ask, { ...ask, name: 'rag.prompt' }]) {
      const call = callOf(operation);
      recorder.record(call, allowed(call, 200));
    }
    recorder.record(callOf(ask), refusedBy(new InvalidInput('bad')));
    expect(await valuesOf('rag_queries_total')).toEqual({ 'rag.ask': 2 });
  });

  it('counts conversations that were taken in', async () => {
    const ingest: Operation = {
      name: 'conversations.ingest',
      permission: 'conversations:write',
      event: 'conversation_ingested',
    };
    const call = callOf(ingest);
    recorder.record(call, allowed(call, 201));
    recorder.record(callOf(ingest), refusedBy(new InvalidInput('bad')));
    expect(await valuesOf('rag_conversations_ingested_total')).toEqual({ all: 1 });
  });

  it('counts refusals by what they were', async () => {
    recorder.record(callOf(ask), refusedBy(new CredentialUnknown()));
    const limited = callOf(ask);
    limited.limits = { allowed: false, name: 'tier-hour', limit: 1, remaining: 0, reset: 1, retryAfter: 1 };
    recorder.record(limited, { ...refusedBy(undefined), code: 'RATE_LIMITED', event: 'rate_limit_exceeded' });
    expect(await valuesOf('auth_failures_total')).toEqual({ CREDENTIAL_UNKNOWN: 1 });
    expect(await valuesOf('rate_limit_exceeded_total')).toEqual({ 'tier-hour': 1 });
    expect(await valuesOf('refusals_total')).toEqual({ CREDENTIAL_UNKNOWN: 1, RATE_LIMITED: 1 });
  });

  it('has a series at 0 for each refusal that there may be, so that the first one is a rise', async () => {
    const { values } = await register.getSingleMetric('test_refusals_total')!.get();
    expect(values).toContainEqual({ labels: { code: 'ACCESS_REFUSED' }, value: 0 });
    expect(values.length).toBe(Object.keys(wire).length);
  });

  it('makes no time series of what a stranger sends', async () => {
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      const call = callOf(undefined, address);
      call.target = `GET /${address}`;
      recorder.record(call, refusedBy(new InvalidInput('bad')));
    }
    const series = (await register.getSingleMetric('test_request_duration_seconds')!.get()).values;
    expect(
      new Set(series.map(({ labels }) => JSON.stringify({ ...labels, le: 0 }))).size,
    ).toBeLessThanOrEqual(3);
    expect(JSON.stringify(series)).not.toContain('192.0.2');
  });
});
