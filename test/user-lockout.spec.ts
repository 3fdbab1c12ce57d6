import { describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { journalOf } from './support/audit-records.ts';
import { codeOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';
import { createPerson, enrol, PASSWORD, type Tokens } from './support/people.ts';

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('whoever guesses at a log-in', () => {
  const gateway = useGateway(databases[0]!, {
    env: {
      TRUSTED_PROXIES: '127.0.0.1',
      AUTO_BLOCK_ENABLED: 'true',
      RATE_LIMIT_OPERATIONS: 'auth.login=1000/60',
    },
  });
  const login = (name: string, address: string, password = PASSWORD) =>
    gateway().client.rest('/auth/login', { key: '', body: { name, password }, ...from(address) });

  it('from everywhere holds up somebody new, and nobody who comes from where he has been before', async () => {
    const { name } = await createPerson(gateway());
    expect((await login(name, '192.0.2.1')).status).toBe(200);
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, n) => login(name, `198.51.100.${n}`, 'not the password')),
    );
    expect(guesses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array(5).fill(401),
      ...Array(7).fill(429),
    ]);
    // A second is short on a busy machine.
    const { kysely } = gateway().gateway.app.get(Database);
    const holding = kysely.updateTable('login_attempts').set({ held_until: new Date(Date.now() + 60_000) });
    await holding.where('failures', '>=', 5).execute();
    const elsewhere = await login(name, '203.0.113.5');
    expect(codeOf(elsewhere) ?? (elsewhere.body as { error: string }).error).toMatch(
      /RATE_LIMITED|Rate limit/,
    );
    expect(Number(elsewhere.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await login(name, '192.0.2.1')).status).toBe(200);
  });

  it('from one address is blocked there, where a session that lives goes on', async () => {
    const { name } = await createPerson(gateway());
    const address = '192.0.2.66';
    const { access_token: key } = (await login(name, address)).body as Tokens;
    const search = () => gateway().client.rest('/search', { key, body: { query: 'a' }, ...from(address) });
    const codes = [];
    for (let n = 0; n < 4; n++) codes.push(codeOf(await login('Nobody', address, 'not the password')));
    expect(codes).toEqual(['INVALID_LOGIN', 'INVALID_LOGIN', 'INVALID_LOGIN', 'ADDRESS_BLOCKED']);
    expect(codeOf(await login(name, address))).toBe('ADDRESS_BLOCKED');
    expect((await search()).status).toBe(200);
  });

  it('leaves no password, token or code on record, and neither does whoever is let in', async () => {
    const { client, gateway: running, dataDir } = gateway();
    const { name } = await createPerson(gateway());
    const tokens = (await login(name, '192.0.2.9')).body as Tokens;
    const { recoveryCodes, key, authenticator } = await enrol(client, tokens.access_token);
    const totp = authenticator.code();
    await client.rest('/auth/step-up', { key, body: { totp } });
    await client.rest('/auth/refresh', { key: '', body: { refresh_token: tokens.refresh_token } });
    await client.rest('/auth/login', { key: '', body: { name, password: PASSWORD, totp: recoveryCodes[0] } });
    await client.rest('/auth/login', { key: '', body: { name, password: PASSWORD, totp: 'malformed code' } });
    const records = JSON.stringify(await journalOf(running.app.get(Database), dataDir));
    for (const secret of [
      PASSWORD,
      tokens.access_token,
      tokens.refresh_token,
      key,
      // Six digits stand in many a hash.
      JSON.stringify(totp),
      recoveryCodes[0]!,
      'malformed code',
    ])
      expect(records.includes(secret)).toBe(false);
    expect(records).toContain('second_factor_shown');
  });
});
