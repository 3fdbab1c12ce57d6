import { createHmac, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTPayload } from 'jose';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedOAuthClientView } from '#oauth';
import { Database } from '#persistence';
import { databases } from '#testing';
import { Browser } from './support/browser.ts';
import { openDocumentServer, type DocumentServer } from './support/document-server.ts';
import { codeOf } from './support/doors.ts';
import { CALLBACK, CodeFlow, createClient, post, signingKeyOf, type TokenAnswer } from './support/oauth.ts';
import { createPerson, PASSWORD, type Person } from './support/people.ts';
import { useGateway } from './support/gateway.ts';

const gateway = useGateway(databases[0]!, {
  env: {
    RATE_LIMIT_CLIENT_MAX: '100000',
    RATE_LIMIT_ADDRESS_MAX: '100000',
    TRUSTED_PROXIES: '127.0.0.1',
    OAUTH_REGISTRATION_ENABLED: 'true',
    OAUTH_CLIENT_DOCUMENTS: 'loopback',
  },
});
let program: IssuedOAuthClientView;
let forPersons: IssuedOAuthClientView;
let person: Person;
beforeAll(async () => {
  const { client } = gateway();
  program = await createClient(client, { scopes: ['mcp:use', 'conversations:read'] });
  forPersons = await createClient(client, {
    name: 'Mail & <b>More</b>',
    scopes: ['mcp:use'],
    redirect_uris: [CALLBACK],
    public: true,
  });
  person = await createPerson(gateway());
});

const flow = (more: Record<string, string> = {}) =>
  new CodeFlow(gateway().client, { client_id: forPersons.client_id, ...more });

const from = (address: string, asking = flow()) => ({
  asking,
  page: asking.browser.open(asking.url, { headers: { 'x-forwarded-for': address } }),
});
const table = () => gateway().gateway.app.get(Database).kysely;
/** As many more as there may be, of networks like the one that has begun last. */
const fill = async (networks: number, each: number) => {
  await sql`
    insert into oauth_artifacts (model, id, payload, network, client_id, expires_at)
    select 'Interaction', 'flood ' || n || ' ' || m, payload,
      case when n = 0 then network else 'network ' || n end, client_id, expires_at
    from (select * from oauth_artifacts where network is not null order by expires_at desc limit 1) one,
      generate_series(0, ${networks - 1}::int) n, generate_series(1, ${each}::int) m
    on conflict do nothing`.execute(table());
};
const begin = async (address: string) => {
  const { status, url } = await from(address).page;
  return url.searchParams.get('error') ?? status;
};
const told = ({ html }: { html: string }) => /role="alert">([^<]+)/.exec(html)?.[1];
const register = (body: object) => gateway().client.rest('/oauth/register', { key: '', body });
const described = (id: string, more: object = {}) =>
  JSON.stringify({
    client_id: id,
    client_name: 'Described',
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    ...more,
  });
const now = () => Math.floor(Date.now() / 1000);
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an authorization request', () => {
  it.each([
    ['another host', 'https://evil.example/callback'],
    ['another path', 'http://127.0.0.1:4321/other'],
    ['more path', `${CALLBACK}/../../evil`],
    ['a user before the host', 'http://127.0.0.1:4321@evil.example/callback'],
    ['another scheme', 'javascript:alert(1)//callback'],
    ['a fragment', `${CALLBACK}#x`],
    ['nothing', ''],
  ])('is answered on a page of ours, not sent on, with %s as redirect_uri', async (_, uri) => {
    const { status, url, html } = await flow({ redirect_uri: uri }).start();
    expect([status, url.origin]).toEqual([400, new URL(gateway().client.url).origin]);
    expect(html).not.toContain('<script');
    expect(html).not.toContain('href');
  });

  it.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['without a method', { code_challenge_method: '' }, 'invalid_request'],
    ['for a token at once', { response_type: 'token' }, 'unsupported_response_type'],
    ['for another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['for a scope that its client may not have', { scope: 'mcp:use keys:write' }, 'invalid_scope'],
    ['that must not ask', { prompt: 'none' }, 'login_required'],
  ])('is refused back to its client %s', async (_, more, error) => {
    const { url } = await flow(more).start();
    expect(`${url.origin}${url.pathname}`).toBe(CALLBACK);
    const answer = url.searchParams.size > 0 ? url.searchParams : new URLSearchParams(url.hash.slice(1));
    expect(Object.fromEntries(answer)).toMatchObject({ error, state: 'some-state' });
    expect(answer.has('code')).toBe(false);
  });

  it('of a client that nobody knows shows a page, and leaves a record', async () => {
    const { status, headers } = await flow({ client_id: 'nobody' }).start();
    expect(status).toBe(400);
    expect(await gateway().recordOf({ status, headers, body: '' })).toMatchObject({
      operation: 'oauth.authorize',
      result: 'refused',
    });
  });
});

describe('a flood of log-ins that nobody finishes', () => {
  afterAll(() => table().deleteFrom('oauth_artifacts').where('id', 'like', 'flood %').execute());

  it('from one network holds up that network, an IPv6 /64 like an address, and nobody else', async () => {
    expect(await begin('2001:db8:1:1::1')).toBe(200);
    await fill(1, 299);
    expect(await begin('2001:db8:1:1:ffff::2')).toBe('temporarily_unavailable');
    expect(await begin('2001:db8:1:2::1')).toBe(200);
  });

  it('that takes all there is holds up whoever floods, and lets others through to their tokens', async () => {
    await fill(70, 299);
    expect(await begin('2001:db8:1:1::1')).toBe('temporarily_unavailable');
    const { asking, page } = from('192.0.2.10');
    const login = await page;
    const consent = await asking.browser.submit(login, 'login', {
      name: person.name,
      password: PASSWORD,
      totp: '',
    });
    const { url } = await asking.browser.submit(consent, 'consent');
    expect((await asking.exchange(url.searchParams.get('code')!)).status).toBe(200);
  });

  it('takes nothing of who has logged in', async () => {
    const { asking, page } = from('2001:db8:1:2::1');
    const consent = await asking.browser.submit(await page, 'login', {
      name: person.name,
      password: PASSWORD,
      totp: '',
    });
    const own = await table()
      .selectFrom('oauth_artifacts')
      .select('network')
      .where('account_id', '=', person.id)
      .execute();
    expect(own.length).toBeGreaterThan(0);
    expect(own.every(({ network }) => network === null)).toBe(true);
    expect((await asking.browser.submit(consent, 'consent')).url.searchParams.get('code')).toBeTruthy();
  });
});

describe('a code', () => {
  it.each([
    ['without its verifier', { code_verifier: '' }],
    ['with another verifier', { code_verifier: 'x'.repeat(43) }],
    ['with another redirect_uri', { redirect_uri: 'http://127.0.0.1:4321/other' }],
    ['for another resource', { resource: 'https://other.example' }],
  ])('is worth nothing %s', async (_, more) => {
    const asking = flow();
    const answer = await asking.exchange(await asking.code(person.name), more);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toHaveProperty('access_token');
  });

  it('is worth nothing to another client', async () => {
    const asking = flow();
    const code = await asking.code(person.name);
    const other = await createClient(gateway().client, {
      scopes: ['mcp:use'],
      redirect_uris: [CALLBACK],
      public: true,
    });
    expect((await asking.exchange(code, { client_id: other.client_id })).status).toBe(400);
    expect((await asking.exchange(code)).status).toBe(200);
  });
});

describe('the pages', () => {
  it('can neither be framed nor run a script, and lead nowhere else', async () => {
    const { headers, html } = await flow().start();
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' http://127.0.0.1:4321");
    const style = /<style>(.*)<\/style>/s.exec(html)![1]!;
    expect(policy).toContain(`style-src 'sha256-${hash('sha256', style, 'base64')}'`);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(html).not.toMatch(/<script|javascript:|\son\w+=/i);
    for (const id of ['name', 'password', 'totp']) {
      expect(html).toContain(`<label for="${id}">`);
      expect(html).toMatch(new RegExp(`<input\\s+id="${id}"`));
    }
  });

  it('show what others have named as text', async () => {
    const login = await flow().start();
    expect(login.html).toContain('Mail &amp; &lt;b&gt;More&lt;/b&gt;');
    const again = await new Browser().open(login.url);
    expect(again.status).toBe(400);
    const asking = flow();
    const failed = await asking.browser.submit(await asking.start(), 'login', {
      name: '"><img src=x onerror=alert(1)>',
      password: 'wrong',
    });
    expect(failed.html).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;');
  });

  it('say nothing of what was wrong with a login, and record it', async () => {
    const asking = flow();
    const login = await asking.start();
    const wrong = await asking.browser.submit(login, 'login', {
      name: person.name,
      password: 'wrong',
      totp: '',
    });
    const nobody = await asking.browser.submit(wrong, 'login', {
      name: 'Nobody',
      password: 'wrong',
      totp: '',
    });
    expect(told(wrong)).toBe(told(nobody));
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    const record = await gateway().recordOf({ status: 401, headers: wrong.headers, body: '' });
    expect(record).toMatchObject({ operation: 'oauth.login', event: 'login_failed' });
    expect(JSON.stringify(record)).not.toContain('wrong"');
  });

  it('are of the browser that they were shown in, and of their own step', async () => {
    const asking = flow();
    const login = await asking.start();
    const elsewhere = await new Browser().submit(login, 'login', { name: person.name, password: 'x' });
    expect(elsewhere.status).toBe(400);
    const consent = await asking.logIn(person.name);
    // The token of the login page is none of the consent page.
    const token = /name="token" value="([^"]+)"/.exec(login.html)![1]!;
    const crossed = await asking.browser.submit(consent, 'consent', { token });
    expect(crossed.status).toBe(400);
    const without = await asking.browser.submit(consent, 'consent', { token: '' });
    expect(without.status).toBe(400);
  });

  it('take no form of a page of somebody else', async () => {
    const asking = flow();
    const consent = await asking.logIn(person.name);
    for (const origin of ['https://evil.example', 'null']) {
      const { status } = await asking.browser.submit(consent, 'consent', {}, origin);
      expect(status).toBe(403);
    }
    expect((await asking.browser.submit(consent, 'consent')).url.searchParams.has('code')).toBe(true);
  });

  it('send who does not want it back without a code', async () => {
    const asking = flow();
    const { url } = await asking.browser.submit(await asking.logIn(person.name), 'cancel');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'some-state',
    });
  });

  it('ask for a login each time: no page of another can use one of before', async () => {
    const asking = flow();
    await asking.code(person.name);
    const { html } = await asking.start();
    expect(html).toContain('id="password"');
    expect(asking.browser.cookies().join()).not.toContain('gh_session');
  });
});

describe('a form', () => {
  it('is taken by no other route', async () => {
    const answer = await gateway().client.rest('/search', {
      raw: 'query=parcel',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([answer.status, codeOf(answer)]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
  });

  it.each([
    ['too large', `grant_type=${'x'.repeat(20_000)}`, 413],
    ['of too many fields', 'a=1&'.repeat(100), 400],
    ['with a forbidden name', '__proto__=1', 400],
    ['that is no UTF-8', new Uint8Array([0x61, 0x3d, 0xff]), 400],
  ])('is refused %s', async (_, raw, status) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await gateway().client.rest('/oauth/token', { key: '', raw: raw as string, headers });
    expect(answer.status).toBe(status);
    expect(await gateway().recordOf(answer)).toMatchObject({ result: 'refused' });
  });

  it('that names the same thing twice is refused', async () => {
    const twice: [string, string][] = [
      ['grant_type', 'client_credentials'],
      ['scope', 'mcp:use'],
      ['scope', 'conversations:read'],
    ];
    const answer = await post(gateway().client, 'token', twice, { by: program });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});

/** As many more of that network, or of others like it, which nobody has let in. */
const crowd = (networks: number, each: number) =>
  sql`
    insert into oauth_clients (id, name, role, metadata, registered, created_by, network, unused_until)
    select 'crowd ' || n || ' ' || m, name, role, metadata, true, created_by,
      case when n = 0 then network else 'network ' || n end, unused_until
    from (select * from oauth_clients where network is not null order by unused_until desc limit 1) one,
      generate_series(0, ${networks - 1}::int) n, generate_series(1, ${each}::int) m
    on conflict do nothing`.execute(table());
const keptClient = async (id: string) =>
  table().selectFrom('oauth_clients').selectAll().where('id', '=', id).executeTakeFirst();
const noCrowd = () => table().deleteFrom('oauth_clients').where('id', 'like', 'crowd %').execute();

describe('a client that registers itself', () => {
  const good = { client_name: 'Self', redirect_uris: [CALLBACK] };

  it.each([
    ['to act for itself', { ...good, grant_types: ['client_credentials'] }],
    ['to be sent back in clear', { ...good, redirect_uris: ['http://evil.example/callback'] }],
    ['to be sent back to a script', { ...good, redirect_uris: ['javascript:alert(1)'] }],
    ['to be sent back nowhere', { client_name: 'Self' }],
    [
      'with a key of its own',
      { ...good, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://a.example' },
    ],
  ])('may not do so %s', async (_, body) => {
    const answer = await register(body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } });
  });

  it('gets a secret that is kept by its digest, and no token for itself', async () => {
    const answer = await register({
      ...good,
      token_endpoint_auth_method: 'client_secret_basic',
      role: 'admin',
    });
    expect(answer.status).toBe(201);
    const made = answer.body as IssuedOAuthClientView & { grant_types: string[] };
    expect(made.grant_types).toEqual(['authorization_code', 'refresh_token']);
    const own = await post(gateway().client, 'token', { grant_type: 'client_credentials' }, { by: made });
    expect(own).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const { kysely } = gateway().gateway.app.get(Database);
    const row = await kysely
      .selectFrom('oauth_clients')
      .selectAll()
      .where('id', '=', made.client_id)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ registered: true, role: 'service' });
    expect(JSON.stringify(row)).not.toContain(made.client_secret);
  });

  const registerFrom = (address: string) =>
    gateway().client.rest('/oauth/register', {
      key: '',
      body: good,
      headers: { 'x-forwarded-for': address },
    });

  it('takes from those of its own network, and from nobody else, when strangers register too many', async () => {
    expect((await registerFrom('2001:db8:2:1::1')).status).toBe(201);
    await crowd(1, 59);
    const more = await registerFrom('2001:db8:2:1:ffff::2');
    expect(more.body).toMatchObject({ error: 'temporarily_unavailable' });
    expect(await gateway().recordOf(more)).toMatchObject({ operation: 'oauth.register', result: 'refused' });
    const other = (await registerFrom('2001:db8:2:2::1')).body as IssuedOAuthClientView;
    // All that there is, taken by some: who has one waits for nobody.
    await crowd(20, 55);
    expect((await registerFrom('192.0.2.20')).status).toBe(201);
    await noCrowd();
    expect(await keptClient(other.client_id)).toBeDefined();
  });

  it('stays once a person has let it in, and is gone soon where nobody does', async () => {
    const { client } = gateway();
    const [used, unused] = [(await register(good)).body, (await register(good)).body] as [
      IssuedOAuthClientView,
      IssuedOAuthClientView,
    ];
    expect((await keptClient(used.client_id))?.network).toBeTruthy();
    await new CodeFlow(client, { client_id: used.client_id }).tokens(person.name);
    expect(await keptClient(used.client_id)).toMatchObject({ network: null, unused_until: null });
    const aging = table().updateTable('oauth_clients').set({ unused_until: new Date() });
    await aging.where('unused_until', 'is not', null).execute();
    expect((await new CodeFlow(client, { client_id: unused.client_id }).start()).status).toBe(400);
    expect((await register(good)).status).toBe(201);
    expect([await keptClient(unused.client_id), (await keptClient(used.client_id))?.id]).toEqual([
      undefined,
      used.client_id,
    ]);
    expect((await new CodeFlow(client, { client_id: used.client_id }).start()).status).toBe(200);
  });

  it('may ask a person for nothing that lets others in', async () => {
    const { client_id } = (await register(good)).body as IssuedOAuthClientView;
    const admin = await createPerson(gateway(), 'admin');
    const asking = new CodeFlow(gateway().client, { client_id, scope: 'mcp:use keys:write' });
    const { url } = await asking.start();
    expect(url.searchParams.get('error')).toBe('invalid_scope');
    expect((await new CodeFlow(gateway().client, { client_id }).tokens(admin.name)).scope).toBe('mcp:use');
  });
});

describe('a document by which a client describes itself', () => {
  let documents: DocumentServer;
  let answered: (id: string) => { status?: number; headers?: Record<string, string>; body: string };
  beforeAll(async () => {
    documents = await openDocumentServer(({ url }, response) => {
      const { status = 200, headers = {}, body } = answered(`${documents.url}${url ?? ''}`);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  });
  afterAll(() => documents.close());

  let next = 0;
  const ask = () => flow({ client_id: `${documents.url}/${++next}.json` }).start();

  it('is fetched once, and shown with the host that vouches for it', async () => {
    answered = (id) => ({ body: described(id) });
    const client_id = `${documents.url}/once.json`;
    for (let i = 0; i < 3; i++) {
      const { html } = await flow({ client_id }).start();
      expect(html).toContain('<strong><bdi>Described</bdi></strong> of <code>localhost:');
    }
    expect(documents.asked.filter((path) => path === '/once.json')).toHaveLength(1);
  });

  it.each([
    ['is of another client', () => ({ body: described('https://other.example/x.json') })],
    ['is a redirect', () => ({ status: 302, headers: { location: '/once.json' }, body: '' })],
    [
      'is huge',
      (id: string) => ({ body: described(id, { client_uri: `https://a.example/${'x'.repeat(10_000)}` }) }),
    ],
    ['is no JSON', () => ({ body: 'hello' })],
    ['names a secret', (id: string) => ({ body: described(id, { client_secret: 'x' }) })],
    [
      'wants to act for itself',
      (id: string) => ({ body: described(id, { grant_types: ['client_credentials'], response_types: [] }) }),
    ],
    [
      'wants to be sent back in clear',
      (id: string) => ({ body: described(id, { redirect_uris: ['http://evil.example/'] }) }),
    ],
  ])('counts for nothing when it %s', async (_, answer) => {
    answered = answer;
    const { status, url } = await ask();
    expect([status, url.origin]).toEqual([400, new URL(gateway().client.url).origin]);
  });

  it.each([
    'https://10.0.0.1/c',
    'https://[fd00::1]/c',
    'https://169.254.169.254/latest/meta-data',
    'http://localhost/c',
    'https://user@localhost/c',
  ])('is not fetched from %s', async (client_id) => {
    expect((await flow({ client_id }).start()).status).toBe(400);
  });
});

describe('an access token', () => {
  let good: string;
  let claims: JWTPayload;
  let kid: string;
  let key: KeyObject;
  let publicPem: string;
  beforeAll(async () => {
    const answer = await post(
      gateway().client,
      'token',
      { grant_type: 'client_credentials' },
      { by: program },
    );
    good = (answer.body as TokenAnswer).access_token;
    claims = decodeJwt(good);
    kid = decodeProtectedHeader(good).kid!;
    key = await signingKeyOf(gateway(), kid);
    publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  });

  const signed = (more: JWTPayload = {}, header: object = {}) =>
    new SignJWT({ ...claims, ...more })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
      .sign(key);
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  const bad: [what: string, make: () => Promise<string> | string, code?: string][] = [
    ['that has expired', () => signed({ iat: now() - 7200, exp: now() - 3600 }), 'CREDENTIAL_EXPIRED'],
    ['that is not valid yet', () => signed({ nbf: now() + 3600 })],
    ['from the future', () => signed({ iat: now() + 3600, exp: now() + 7200 })],
    ['for another audience', () => signed({ aud: 'https://other.example' })],
    ['without an audience', () => signed({ aud: undefined as never })],
    ['of another issuer', () => signed({ iss: 'https://other.example' })],
    ['without an end', () => signed({ exp: undefined as never })],
    ['of another type', () => signed({}, { typ: 'JWT' })],
    ['of a client that is gone', () => signed({ client_id: 'gone' })],
    ['of a grant that is gone', () => signed({ grant_id: 'gone', sub: person.id })],
    [
      'with a critical header that nobody knows',
      () =>
        `${base64({ alg: 'ES256', typ: 'at+jwt', kid, crit: ['x'], x: 1 })}.${good.split('.').slice(1).join('.')}`,
    ],
    ['that nobody has signed', () => `${base64({ alg: 'none', typ: 'at+jwt', kid })}.${base64(claims)}.`],
    ['that nobody has signed, and says so', () => `${base64({ alg: 'none' })}.${base64(claims)}.`],
    [
      'signed with the public key as a secret',
      () => {
        const input = `${base64({ alg: 'HS256', typ: 'at+jwt', kid })}.${base64(claims)}`;
        return `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`;
      },
    ],
    [
      'that brings its own key along',
      () =>
        new SignJWT(claims)
          .setProtectedHeader({
            alg: 'ES256',
            typ: 'at+jwt',
            kid,
            jwk: foreign.publicKey.export({ format: 'jwk' }),
          })
          .sign(foreign.privateKey),
    ],
    [
      'that says where its key is',
      () =>
        new SignJWT(claims)
          .setProtectedHeader({
            alg: 'ES256',
            typ: 'at+jwt',
            kid,
            jku: 'https://evil.example/jwks',
            x5u: 'https://evil.example',
          })
          .sign(foreign.privateKey),
    ],
    [
      'of a key that nobody knows',
      () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'unknown' })
          .sign(foreign.privateKey),
    ],
    ['that is cut off', () => good.slice(0, -10)],
    [
      'that was changed',
      () => `${good.slice(0, good.indexOf('.') + 5)}x${good.slice(good.indexOf('.') + 6)}`,
    ],
    ['as long as any that is read', () => `${good}${'x'.repeat(7_900 - good.length)}`],
  ];

  it.each(bad)('%s is refused at both doors, and recorded', async (_, make, code = 'CREDENTIAL_INVALID') => {
    const { client } = gateway();
    const token = await make();
    for (const answer of [
      await client.rest('/conversations', { key: token }),
      await client.rpc('tools/list', {}, { key: token }),
    ]) {
      expect([answer.status, codeOf(answer)]).toEqual([401, code]);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
      const record = await gateway().recordOf(answer);
      expect(record).toMatchObject({ event: 'invalid_auth', result: 'refused', code });
      expect(JSON.stringify(record)).not.toContain(token.slice(-40));
    }
    expect((await client.rest('/conversations', { key: good })).status).toBe(200);
  });

  it('of a megabyte is not even read', async () => {
    const { client } = gateway();
    const sent = client.rest('/conversations', { key: good + 'x'.repeat(1_000_000) });
    expect(
      await sent.then(
        ({ status }) => status,
        () => 'cut off',
      ),
    ).not.toBe(200);
    expect((await client.rest('/conversations', { key: good })).status).toBe(200);
  });

  it('is as good for MCP as for the API, and for either resource', async () => {
    const { client } = gateway();
    for (const aud of [client.url, `${client.url}/mcp`, ['https://other.example', client.url]]) {
      expect((await client.rest('/conversations', { key: await signed({ aud }) })).status).toBe(200);
    }
  });
});
