import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTPayload } from 'jose';
import type { Role } from '#call';
import { permissions } from '#rbac';
import { mintForeignKey } from './foreign-key.ts';
import type { TestGateway } from './gateway.ts';
import { createClient, post, signingKeyOf, type TokenAnswer } from './oauth.ts';
import type { OperationCall } from './operations.ts';
import { createPerson, enrol, logIn } from './people.ts';
import type { Shown } from './socket-ask.ts';

export const states = ['valid', 'expired', 'revoked', 'foreign'] as const;
export type CredentialState = (typeof states)[number];

type Door = OperationCall['door'];
export const everyDoor: readonly Door[] = ['rest', 'mcp', 'ws', 'tcp'];

/** How the doors refuse a credential; the code stands in the answer and in the record. */
export interface Refusal {
  readonly rest: number;
  readonly mcp: number;
  readonly code: string;
}

/** One way to prove who one is. Add yours to a group, and every operation is tried with it. */
export interface CredentialKind {
  readonly name: string;
  /** Whose it is: an administrator's, with a second factor where a person would show one, unless it says otherwise. */
  readonly role?: Role;
  /** A credential in that state. */
  make(state: CredentialState, gateway: TestGateway): Promise<string | Shown>;
  /** Where it can be shown in that state. */
  doors(state: CredentialState): readonly Door[];
  /** A state that it can't be in is missing. */
  readonly refusals: Readonly<Partial<Record<Exclude<CredentialState, 'valid'>, Refusal>>>;
}

/** Kinds that one gateway takes beside each other. */
export interface CredentialGroup {
  readonly name: string;
  readonly kinds: readonly CredentialKind[];
  /** Settings, and what they need. */
  readonly open: () => Promise<{ env: Record<string, string>; close(): Promise<void> }>;
}

export const gone: Refusal = { rest: 401, mcp: 401, code: 'CREDENTIAL_INVALID' };
export const late: Refusal = { rest: 401, mcp: 401, code: 'CREDENTIAL_EXPIRED' };
export const unknown: Refusal = { rest: 403, mcp: 401, code: 'CREDENTIAL_UNKNOWN' };

export const JWT_SECRET = 'only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMN';

const apiKey: CredentialKind = {
  name: 'an API key',
  doors: () => everyDoor,
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
  refusals: { expired: late, revoked: unknown, foreign: unknown },
};

const userToken: CredentialKind = {
  name: 'a token of a user',
  doors: () => everyDoor,
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
  refusals: { expired: late, revoked: gone, foreign: gone },
};

/** Of a client that acts for itself, with everything that its role may. */
const oauthToken: CredentialKind = {
  name: 'an access token of OAuth',
  doors: () => everyDoor,
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

const doorTokens = {
  ws: 'ws-token-0123456789-abcdefghijklmnopq',
  tcp: 'tcp-token-0123456789-abcdefghijklmnop',
};

/** It ends by a rotation alone, which test/live-secrets.spec.ts tries. */
const doorToken = (door: 'ws' | 'tcp'): CredentialKind => ({
  name: `the token of the door ${door}`,
  role: 'service',
  make: async () => doorTokens[door],
  doors: (state) => everyDoor.filter((one) => (one === door) === (state === 'valid')),
  refusals: { foreign: unknown },
});

/** What the gateway itself has issued. */
export const issuedHere: CredentialGroup = {
  name: 'issued here',
  kinds: [apiKey, userToken, oauthToken, doorToken('ws'), doorToken('tcp')],
  open: async () => ({
    env: { JWT_SECRET, WS_AUTH_TOKEN: doorTokens.ws, TCP_AUTH_TOKEN: doorTokens.tcp },
    close: async () => undefined,
  }),
};

/** The same token with other claims, signed by whoever has that key. */
function resigned(token: string, claims: JWTPayload, key: string | KeyObject): Promise<string> {
  const { alg = 'HS256', ...header } = decodeProtectedHeader(token);
  return new SignJWT({ ...decodeJwt(token), ...claims })
    .setProtectedHeader({ ...header, alg })
    .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key);
}
