import { Injectable } from '@nestjs/common';
import { allowed, Call, Settlement, type Operation, type Principal } from '#call';
import { Database } from '#persistence';
import { ApiKeys, type IssuedKey } from './api-keys.service.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { KeyStore } from './key-store.ts';

/** Who made the first key: nobody but the program itself. */
const gatehouse: Principal = {
  id: 'gatehouse',
  name: 'gatehouse',
  role: 'admin',
  tier: undefined,
  keyId: 'none',
};
const operation: Operation = { name: 'keys.create', permission: 'keys:write', event: 'api_key_created' };

/**
 * The first start makes one admin key and prints it once: to the terminal, past the log and all that collects it. Of
 * replicas that start at once, one does.
 */
@Injectable()
export class FirstKey {
  constructor(
    private readonly keys: ApiKeys,
    private readonly store: KeyStore,
    private readonly configured: ConfiguredAdmin,
    private readonly database: Database,
    private readonly settlement: Settlement,
  ) {}

  /** Called once the ports are open: a key shown above the error of a start that failed would never be found again. */
  async ensure(): Promise<void> {
    if (this.configured.exists || !(await this.store.isEmpty())) return;
    const issued = await this.database.withLock('first-api-key', async () =>
      (await this.store.isEmpty())
        ? this.keys.create({ name: 'admin', role: 'admin', tier: 'enterprise' }, gatehouse)
        : undefined,
    );
    if (!issued) return;
    await this.#record(issued);
    process.stdout.write(announcement(issued));
  }

  async #record({ key }: IssuedKey): Promise<void> {
    const call = new Call({ door: 'cli', address: '127.0.0.1', authorization: undefined });
    call.operation = operation;
    call.principal = gatehouse;
    call.note('subject_key', key.id);
    call.note('subject_role', key.role);
    call.note('first_key', true);
    await this.settlement.settle(call, allowed(call, 201));
  }
}

function announcement({ secret, key }: IssuedKey): string {
  const line = '─'.repeat(72);
  return [
    '',
    line,
    'The admin key of this Gatehouse. It is shown this once, and kept nowhere:',
    '',
    `    ${secret}`,
    '',
    `It works until ${key.expiresAt.toISOString().slice(0, 10)}: "npx gatehouse keys rotate ID" renews it before,`,
    'and "npx gatehouse keys create NAME --role admin --local" makes another if it is lost.',
    line,
    '',
    '',
  ].join('\n');
}
