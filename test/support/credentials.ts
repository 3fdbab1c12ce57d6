import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTPayload } from 'jose';
import { permissions } from '#rbac';
import { mintForeignKey } from './foreign-key.ts';
import type { TestGateway } from './gateway.ts';
import { createClient, post, signingKeyOf, type TokenAnswer } from './oauth.ts';
import { createPerson, enrol, logIn } from './people.ts';

export const states = ['valid', 'expired', 'revoked', 'foreign'] as const;
export type CredentialState = (typeof states)[number];

/** How both doors refuse a credential; the code stands in the answer and in the record. */
export interface Refusal {
  readonly rest: number;
  readonly mcp: number;
  readonly code: string;
}

/** One way to prove who one is. Add yours to `credentialKinds`, and every operation is tried with it. */
export interface CredentialKind {
  readonly name: string;
  /** Settings that it needs. */
  readonly env: Readonly<Record<string, string>>;
  /** A credential of an administrator, with a second factor where a person would show one, in that state. */
  make(state: CredentialState, gateway: TestGateway): Promise<string>;
  readonly refusals: Readonly<Record<Exclude<CredentialState, 'valid'>, Refusal>>;
}

const JWT_SECRET = 'only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMN';

const apiKey: CredentialKind = {
  name: 'an API key',
  env: {},
  async make(state, { client, createKey }) {
    if (state === 'foreign') return mintForeignKey();
    const key = await createKey({ role: 'admin', tier: 'enterprise' });
    if (state === 'valid') return key;
    const { body } = await client.rest('/admin/keys?limit=1');
    const { id } = (body as { keys: { id: string }[] }).keys[0]!;
    if (state === 'revoked') await client.rest(`/admin/keys/${id}`, { method: 'DELETE' });
    else await client.rest(`/admin/keys/${id}/rotate`, { body: { overlap_hours: 0 } });
    return key;
  },
  refusals: {
    expired: { rest: 401, mcp: 401, code: 'CREDENTIAL_EXPIRED' },
    revoked: { rest: 403, mcp: 401, code: 'CREDENTIAL_UNKNOWN' },
    foreign: { rest: 403, mcp: 401, code: 'CREDENTIAL_UNKNOWN' },
  },
};

const userToken: CredentialKind = {
  name: 'a token of a user',
  env: { JWT_SECRET },
  async make(state, gateway) {
    const { client } = gateway;
    const { name } = await createPerson(gateway, 'admin');
    const { key } = await enrol(client, (await logIn(client, name)).access_token);
    if (state === 'valid') return key;
    if (state === 'revoked') {
      await client.rest('/auth/logout', { key, body: {} });
      return key;
    }
    const past = Math.floor(Date.now() / 1000) - 60;
    return state === 'expired'
      ? resigned(key, { iat: past - 60, nbf: past - 60, exp: past }, JWT_SECRET)
      : resigned(key, {}, JWT_SECRET.replace('only', 'some'));
  },
  refusals: {
    expired: { rest: 401, mcp: 401, code: 'CREDENTIAL_EXPIRED' },
    revoked: { rest: 401, mcp: 401, code: 'CREDENTIAL_INVALID' },
    foreign: { rest: 401, mcp: 401, code: 'CREDENTIAL_INVALID' },
  },
};

/** Of a client that acts for itself, with everything that its role may. */
const oauthToken: CredentialKind = {
  name: 'an access token of OAuth',
  env: {},
  async make(state, gateway) {
    const { client } = gateway;
    const program = await createClient(client, { role: 'admin', scopes: permissions });
    const { body } = await post(client, 'token', { grant_type: 'client_credentials' }, { by: program });
    const { access_token: token } = body as TokenAnswer;
    if (state === 'valid') return token;
    if (state === 'revoked') {
      await client.rest(`/admin/oauth/clients/${program.client_id}`, { method: 'DELETE' });
      return token;
    }
    const { kid } = decodeProtectedHeader(token);
    const past = Math.floor(Date.now() / 1000) - 60;
    return state === 'expired'
      ? resigned(token, { iat: past - 60, exp: past }, await signingKeyOf(gateway, kid!))
      : resigned(token, {}, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  },
  refusals: userToken.refusals,
};

/** Every kind that there is. Certificates come another way: test/mtls.spec.ts and test/tls-doors.spec.ts have theirs. */
export const credentialKinds: readonly CredentialKind[] = [apiKey, userToken, oauthToken];

/** The same token with other claims, signed by whoever has that key. */
function resigned(token: string, claims: JWTPayload, key: string | KeyObject): Promise<string> {
  const { alg = 'HS256', ...header } = decodeProtectedHeader(token);
  return new SignJWT({ ...decodeJwt(token), ...claims })
    .setProtectedHeader({ ...header, alg })
    .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key);
}
