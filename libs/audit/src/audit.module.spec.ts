import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { Call, refusedBy } from '#call';
import { ConfigModule } from '#config';
import { GatehouseError } from '#errors';
import { PersistenceModule } from '#persistence';
import { databases } from '#testing';
import { AuditModule, AuditTrail } from './index.ts';
import { verifyFiles } from './testing/journal-fixture.ts';

describe.each(databases)('the audit module on $name', (kind) => {
  it('records calls from the start to the end of the program', async () => {
    const place = await kind.create();
    const { env } = place;
    const imports = [ConfigModule.forRoot(env), PersistenceModule, AuditModule];
    const app = await (await Test.createTestingModule({ imports }).compile()).init();
    const trail = app.get(AuditTrail);
    await trail.serverStarted({ version: '1.0.0' });
    const call = new Call({ door: 'rest', address: '192.0.2.1', authorization: undefined });
    await trail.record(call, refusedBy(new GatehouseError('CREDENTIAL_INVALID', 'who are you')));
    expect(trail.healthy).toBe(true);
    await app.close();

    const dataDir = env['DATA_DIR']!;
    const log = await readFile(join(dataDir, 'logs', 'audit.log'), 'utf8');
    expect(log.match(/(?<="event":")\w+/g)).toEqual([
      'chain_start',
      'server_start',
      'invalid_auth',
      'server_shutdown',
    ]);
    expect(await verifyFiles(dataDir)).toMatchObject({
      valid: true,
      chains: [{ state: 'closed', entries: 4 }],
    });
    await place.remove();
  });

  it.each(['not a key', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----`])(
    'does not start with a signing key that is none, and does not print it',
    (key) => {
      const start = () => ConfigModule.forRoot({ AUDIT_SIGNING_KEY: key });
      expect(start).toThrow(`AUDIT_SIGNING_KEY is a text of ${key.length} characters: it must be an Ed25519`);
      expect(start).not.toThrow(key);
    },
  );
});
