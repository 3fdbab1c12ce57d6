import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Proven, Verdict } from '#identity';
import { IssuerServer } from '#testing';
import { ExternalAuthority, type ExternalIssuer } from './external-authority.ts';

const resources = { api: 'https://gate.example', mcp: 'https://gate.example/mcp' };
const server = new IssuerServer();
let authority: ExternalAuthority;

const open = (more: Partial<ExternalIssuer> = {}, pauses = {}) =>
  new ExternalAuthority(
    {
      issuer: server.issuer,
      audiences: [],
      roleClaim: 'role',
      plainJwtsAllowed: false,
      secondFactorMinutes: 15,
      ...more,
    },
    resources,
    pauses,
  );
const judge = async (token: string | Promise<string>, by = authority) => by.judge(await token, 0);
const now = () => Math.floor(Date.now() / 1000);
const reasonOf = (verdict: Verdict) => (verdict.proven ? 'proven' : verdict.reason);

beforeEach(async () => {
  server.fetches = 0;
  server.answer = undefined;
  await server.start();
  await server.rotate();
  authority = open();
});
afterEach(() => server.stop());

describe('tokens of an external issuer', () => {
  it.each(['ES256', 'EdDSA', 'RS256', 'PS256'])('let in as whom they name: %s', async (alg) => {
    await server.rotate(alg);
    const verdict = await judge(
      server.token({ name: 'Ana', role: 'employee', scope: 'mcp:use tools:call other' }),
    );
    expect(verdict).toMatchObject({
      proven: true,
      principal: {
        id: 'oidc:somebody',
        name: 'Ana',
        role: 'employee',
        scopes: new Set(['mcp:use', 'tools:call']),
      },
    });
  });

  it.each([
    ['a list in scp', { scope: undefined, scp: ['mcp:use', 'rag:ask'] }, ['mcp:use', 'rag:ask']],
    ['no scope', { scope: undefined }, []],
    ['scopes of others', { scope: 'openid profile' }, []],
    ['something else', { scope: { a: 1 } }, []],
  ])('have the scopes of %s', async (_, claims, scopes) => {
    expect(await judge(server.token(claims as never))).toMatchObject({
      principal: { scopes: new Set(scopes) },
    });
  });

  it.each([
    ['none', {}, 'service'],
    ['one of a list of others', { role: ['staff', 'auditor'] }, 'auditor'],
    ['one that is not known', { role: 'superuser' }, undefined],
    ['two', { role: ['admin', 'employee'] }, undefined],
    ['an object', { role: { admin: true } }, undefined],
  ])('are of the role that they name, with %s', async (_, claims, role) => {
    const verdict = await judge(server.token(claims));
    expect(verdict.proven ? verdict.principal.role : undefined).toBe(role);
  });

  it.each([
    ['says nothing of it', {}, false],
    ['says that one was shown', { amr: ['pwd', 'otp'], auth_time: now() - 60 }, true],
    ['says so, and that it was long ago', { amr: ['mfa'], auth_time: now() - 3600 }, false],
    ['says so, and not when', { amr: ['mfa'] }, false],
    ['has seen a password', { amr: ['pwd'], auth_time: now() }, false],
    ['has seen something', { amr: 'otp', auth_time: now() }, false],
    ['speaks of a program', { client_id: 'somebody' }, undefined],
  ])('have shown a second factor where the issuer %s: %o, %s', async (_, claims, expected) => {
    const { principal } = (await judge(server.token(claims))) as Proven;
    expect(principal.secondFactor).toBe(expected);
    const { principal: later } = (await authority.renew(principal, 0)) as Proven;
    expect(later.secondFactor).toBe(expected && false);
  });

  it('are of the role in another claim, and for another audience, where settings say so', async () => {
    const own = open({ roleClaim: 'https://a.example/role', audiences: ['my-api'] });
    const token = server.token({ 'https://a.example/role': 'admin', aud: ['other', 'my-api'] });
    expect(await judge(token, own)).toMatchObject({ principal: { role: 'admin' } });
    expect(reasonOf(await judge(server.token(), own))).toBe('wrong-audience');
  });

  it.each([
    ['another audience', { aud: 'https://other.example' }, 'wrong-audience'],
    ['another issuer', { iss: 'https://other.example' }, 'wrong-issuer'],
    ['a later beginning', { nbf: 4e9 }, 'not-yet-valid'],
    ['a birth in the future', { iat: 4e9, exp: 5e9 }, 'future-dated'],
    ['no end', { exp: undefined }, 'claims-missing'],
    ['no subject', { sub: undefined }, 'claims-missing'],
    ['an empty subject', { sub: '' }, 'claims-missing'],
    ['a subject that is no text', { sub: 7 }, 'claims-missing'],
  ])('are refused with %s', async (_, claims, reason) => {
    expect(reasonOf(await judge(server.token(claims as never)))).toBe(reason);
  });

  it.each([{ nbf: 4e9 }, { iat: 4e9, exp: 5e9 }])(
    'of a clock that is ahead are not remembered as bad: they are good in a moment',
    async (claims) => {
      expect(await judge(server.token(claims))).toMatchObject({ proven: false, passing: true });
    },
  );

  it('whose time is over are told so, and nothing else', async () => {
    const verdict = await judge(server.token({ iat: 1, exp: 2 }));
    expect(verdict).toMatchObject({ proven: true, expiresAt: 2000 });
  });

  it('typed as any JWT are taken where a setting says so', async () => {
    const token = await server.token({}, { typ: 'JWT' });
    expect(authority.formOf(token)).toBe('mistyped');
    expect(open({ plainJwtsAllowed: true }).formOf(token)).toBe('well-formed');
  });

  it('carry what was begun with them on to their end, and no further', async () => {
    const { principal, expiresAt } = (await judge(server.token())) as Proven;
    expect(await authority.renew(principal, 0)).toMatchObject({ proven: true, expiresAt });
    expect(await authority.renew({ ...principal, keyId: 'oauth:x' }, 0)).toMatchObject({ proven: false });
  });
});

describe('the keys of an external issuer', () => {
  it('are fetched once for however many tokens', async () => {
    const token = await server.token();
    await Promise.all(Array.from({ length: 50 }, () => judge(token)));
    expect(server.fetches).toBe(1);
  });

  it('are fetched anew for a key that is not known, yet not for each of a flood', async () => {
    authority = open({}, { cooldownMs: 60_000 });
    expect(reasonOf(await judge(server.token()))).toBe('proven');
    for (let i = 0; i < 100; i++) {
      expect(await judge(server.token({}, { kid: `made-up-${i}` }))).toMatchObject({
        reason: 'unknown-key',
        passing: true,
      });
    }
    expect(server.fetches).toBe(1);
  });

  it('are found after a rotation, once the pause is over', async () => {
    authority = open({}, { cooldownMs: 0 });
    expect(reasonOf(await judge(server.token()))).toBe('proven');
    await server.rotate();
    expect(reasonOf(await judge(server.token()))).toBe('proven');
    expect(server.fetches).toBe(2);
  });

  it('that cannot be had at the start let nobody in until they can', async () => {
    authority = open({}, { restMs: 0 });
    const token = await server.token();
    await server.stop();
    await expect(judge(token)).rejects.toThrow('cannot be fetched');
    await server.start();
    expect(reasonOf(await judge(token))).toBe('proven');
  });

  it('that cannot be had are not asked for by each token', async () => {
    server.answer = (response) => response.writeHead(500).end();
    const token = await server.token();
    for (let i = 0; i < 20; i++) await expect(judge(token)).rejects.toThrow(/keys of the issuer/);
    expect(server.fetches).toBe(1);
  });

  it('serve on when the issuer goes down later, and a key that is not among them is unknown', async () => {
    authority = open({}, { cooldownMs: 0, restMs: 0 });
    const token = await server.token();
    expect(reasonOf(await judge(token))).toBe('proven');
    const other = await server.token({}, { kid: 'other' });
    await server.stop();
    expect(reasonOf(await judge(token))).toBe('proven');
    expect(reasonOf(await judge(other))).toBe('unknown-key');
    await server.start();
  });

  it.each([
    ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['a megabyte', (response) => response.end(JSON.stringify({ keys: [], padding: 'x'.repeat(1_000_000) }))],
    ['no JSON', (response) => response.end('<html>')],
    ['no keys', (response) => response.end('{}')],
  ] as [string, NonNullable<IssuerServer['answer']>][])('are not taken from %s', async (_, answer) => {
    server.answer = answer;
    await expect(judge(server.token())).rejects.toThrow(/keys of the issuer/);
  });

  it('are not those of an issuer that is another one than it says', async () => {
    await expect(judge(server.token(), open({ issuer: `${server.issuer}/` }))).rejects.toThrow('metadata');
  });
});
