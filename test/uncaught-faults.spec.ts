import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder, type ScratchFolder } from '#testing';
import { journalEntries } from './support/audit-records.ts';
import { GatewayClient } from './support/gateway-client.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import { ADMIN_KEY } from './support/gateway.ts';

describe('what nobody caught', () => {
  let folder: ScratchFolder;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    folder = await scratchFolder();
    const env = { DATA_DIR: folder.path, GATEHOUSE_API_KEY: ADMIN_KEY, LOG_LEVEL: 'error' };
    gateway = await GatewayProcess.start(env, 'test/fixtures/faulty-gateway.js');
  });
  afterAll(async () => {
    await gateway.stop('SIGKILL');
    await folder.remove();
  });
  const recorded = () => journalEntries(folder.path).filter(({ event }) => event === 'uncaught_fault');

  it('does not end the gateway where it is a rejection: it is logged, counted and on record, one for many', async () => {
    for (let time = 0; time < 5; time++)
      expect(await gateway.client.tool('reject', {})).toMatchObject({ status: 200 });
    await expect.poll(recorded).not.toHaveLength(0);
    expect(recorded()[0]).toMatchObject({
      severity: 'HIGH',
      result: 'failed',
      notes: { kind: 'rejection', faults: 1 },
    });
    const management = new GatewayClient(gateway.managementUrl, ADMIN_KEY);
    expect((await management.rest('/metrics')).body).toMatch(/^gatehouse_uncaught_faults_total 5$/m);
    expect(gateway.output).toContain('Nobody looks at this');
    expect(gateway.end).toBeUndefined();
  });

  it('ends it in good order where it is an exception: what runs is answered, all is on record', async () => {
    const running = gateway.client.tool('wait', { milliseconds: 1_000 });
    await gateway.client.tool('throw', {}).catch(() => undefined);
    expect(await running).toMatchObject({
      status: 200,
      body: { result: { structuredContent: { waited: 1_000 } } },
    });
    await expect.poll(() => gateway.end).toBe(70);
    const notes = recorded().map((record) => record['notes']);
    expect(notes.at(-1)).toEqual({ kind: 'exception', faults: 1 });
    const all = notes.map((note) => (note as { faults: number }).faults);
    expect(all.reduce((sum, faults) => sum + faults)).toBe(6);
    expect(journalEntries(folder.path).map(({ event }) => event)).toContain('server_shutdown');
    expect(gateway.output).toContain('Nobody catches this');
  });
});
