import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, IssuerServer } from '#testing';
import { JWT_SECRET } from './support/credentials.ts';
import { codeOf, endOf } from './support/doors.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { createPerson, logIn } from './support/people.ts';
import { askOverSocket } from './support/socket-ask.ts';

const SETTINGS = { RATE_LIMIT_ENABLED: 'false', AUTH_FAILURES_MAX: '1000000' };
const issuer = new IssuerServer();
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const later = () => Math.floor(Date.now() / 1000) + 3600;

/** A kind of token, and a forger who has its key. */
interface Forger {
  readonly name: string;
  /** Settings, and what they need. */
  readonly env: () => Promise<Record<string, string>>;
  readonly good: (gateway: TestGateway) => Promise<string>;
  readonly sign: (claims: JWTPayload, header: Partial<JWTHeaderParameters>) => Promise<string>;
  /** What is public of its key, where anything is. */
  readonly publicKey?: () => Promise<string>;
}

const user: Forger = {
  name: 'a token of a user',
  env: async () => ({ JWT_SECRET }),
  good: async (gateway) => (await logIn(gateway.client, (await createPerson(gateway)).name)).access_token,
  sign: (claims, { alg = 'HS256', ...header }) =>
    new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(Buffer.from(JWT_SECRET)),
};

const external: Forger = {
  name: 'a token of an external issuer',
  env: async () => {
    await issuer.start();
    await issuer.rotate();
    return { OIDC_ISSUER: issuer.issuer };
  },
  good: ({ client }) =>
    issuer.token({ aud: `${client.url}/mcp`, scope: 'mcp:use conversations:read', exp: later() }),
  sign: (claims, header) => issuer.token(claims, header),
  async publicKey() {
    const { keys } = (await (await fetch(`${issuer.issuer}/jwks`)).json()) as { keys: JsonWebKey[] };
    return createPublicKey({ key: keys[0]!, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }) as string;
  },
};

describe.each([user, external])('$name that is bad', ({ env, good, sign, publicKey }) => {
  let gateway: TestGateway;
  let token: string;
  beforeAll(async () => {
    gateway = await bootGateway(databases[0]!, { env: { ...SETTINGS, ...(await env()) } });
    token = await good(gateway);
  }, 600_000);
  afterAll(async () => {
    await gateway.close();
    await issuer.stop();
  });

  const forged = (claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}) =>
    sign({ ...decodeJwt(token), ...claims }, { ...decodeProtectedHeader(token), ...header });
  const headed = (header: object) =>
    `${base64({ ...decodeProtectedHeader(token), ...header })}.${token.split('.')[1]}`;

  /** As it is answered at each door, and recorded. */
  async function atEveryDoor(shown: string) {
    const raw = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
    const answers = [
      await gateway.client.rest('/conversations', { key: shown }),
      await gateway.client.rpc('tools/list', {}, { key: shown }),
      await askOverSocket(gateway, { door: 'ws', key: shown, raw }),
      await askOverSocket(gateway, { door: 'tcp', key: shown, raw }),
    ];
    return Promise.all(
      answers.map(async (answer) => {
        const record = await gateway.recordOf(answer);
        expect(JSON.stringify(record) ?? '').not.toContain(shown.slice(-30));
        return { ...endOf(answer, record), event: record?.event };
      }),
    );
  }

  it('is told from a good one', async () => {
    for (const shown of [token, await forged()])
      expect((await gateway.client.rest('/conversations', { key: shown })).status).toBe(200);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['not valid yet', () => forged({ nbf: later() })],
    ['of the future', () => forged({ iat: later(), exp: later() + 60 })],
    ['for another audience', () => forged({ aud: 'https://other.example' })],
    ['for no audience', () => forged({ aud: undefined as never })],
    ['of another issuer', () => forged({ iss: 'https://other.example' })],
    ['without an end', () => forged({ exp: undefined as never })],
    ['of another type', () => forged({}, { typ: 'JOSE' })],
    ['of a key that nobody knows', () => forged({}, { kid: 'unknown' })],
    ['unsigned', () => `${headed({ alg: 'none' })}.`],
    [
      'unsigned, beside the signature of a good one',
      () => `${headed({ alg: 'none' })}.${signatureOf(token)}`,
    ],
    ['of another algorithm', () => `${headed({ alg: 'RS256' })}.${signatureOf(token)}`],
    [
      'signed by what is public of the key',
      async () => {
        const input = headed({ alg: 'HS256' });
        const secret = (await publicKey?.()) ?? 'gatehouse';
        return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      },
    ],
    ['with a header that must be understood', () => `${headed({ crit: ['exp'] })}.${signatureOf(token)}`],
    ['cut off', () => token.slice(0, -12)],
    ['as long as any that is read', () => token + 'x'.repeat(7_900 - token.length)],
  ])('%s is refused at every door, and recorded', async (_, make) => {
    const refused = { status: 401, code: 'CREDENTIAL_INVALID', recorded: 'CREDENTIAL_INVALID' };
    const ends = await atEveryDoor(await make());
    expect(ends).toEqual([
      { ...refused, event: 'invalid_auth' },
      { ...refused, event: 'invalid_auth' },
      { ...refused, event: 'invalid_auth' },
      { ...refused, event: 'tcp_auth_failed' },
    ]);
    expect(codeOf(await gateway.client.rest('/conversations', { key: token }))).toBeUndefined();
  });
});

function signatureOf(token: string): string {
  return token.split('.')[2]!;
}
