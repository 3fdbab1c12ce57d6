import { createHash, createPrivateKey, randomBytes, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Envelope } from '#encryption';
import type { IssuedOAuthClientView } from '#oauth';
import { Database } from '#persistence';
import { Browser, type Visit } from './browser.ts';
import type { TestGateway } from './gateway.ts';
import type { Answer, GatewayClient } from './gateway-client.ts';
import { PASSWORD } from './people.ts';

export const CALLBACK = 'http://127.0.0.1:4321/callback';

export interface TokenAnswer {
  access_token: string;
  refresh_token?: string;
  token_type: string;
  expires_in: number;
  scope?: string;
}

let clients = 0;

/** A client that an administrator has made: for itself, or with `redirect_uris` for persons. */
export async function createClient(client: GatewayClient, order: object): Promise<IssuedOAuthClientView> {
  const body = { name: `Client ${++clients}`, ...order };
  const answer = await client.rest('/admin/oauth/clients', { body });
  if (answer.status !== 201) throw new Error(`No client: ${JSON.stringify(answer.body)}`);
  return answer.body as IssuedOAuthClientView;
}

/** Sends a form to an endpoint of the authorization server. */
export function post(
  client: GatewayClient,
  endpoint: string,
  fields: Record<string, string> | [string, string][],
  { by }: { by?: IssuedOAuthClientView } = {},
): Promise<Answer> {
  return client.rest(`/oauth/${endpoint}`, {
    key: '',
    raw: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(by && { authorization: basic(by) }),
    },
  });
}

/** The private key that signs the access tokens of a gateway, as a thief of it would have it. */
export async function signingKeyOf({ gateway: { app } }: TestGateway, kid: string): Promise<KeyObject> {
  const rows = app.get(Database).kysely.selectFrom('oauth_signing_keys').selectAll();
  const row = await rows.where('kid', '=', kid).executeTakeFirstOrThrow();
  const place = { table: 'oauth_signing_keys', column: 'private_jwk', row: kid };
  const jwk = JSON.parse(app.get(Envelope).open(row.private_jwk, place)) as JsonWebKey;
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

export function basic({ client_id: id, client_secret: secret = '' }: IssuedOAuthClientView): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

/** One authorization request of a client, from the first page to the tokens. */
export class CodeFlow {
  readonly browser = new Browser();
  readonly verifier = randomBytes(32).toString('base64url');
  readonly #client: GatewayClient;
  readonly #parameters: Record<string, string>;

  constructor(client: GatewayClient, parameters: { client_id: string } & Record<string, string>) {
    this.#client = client;
    this.#parameters = {
      response_type: 'code',
      redirect_uri: CALLBACK,
      state: 'some-state',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    };
  }

  get url(): URL {
    return new URL(`/oauth/authorize?${new URLSearchParams(this.#parameters).toString()}`, this.#client.url);
  }

  start(): Promise<Visit> {
    return this.browser.open(this.url);
  }

  /** To the page that asks for consent. */
  async logIn(name: string, more: Record<string, string> = {}): Promise<Visit> {
    return this.browser.submit(await this.start(), 'login', { name, password: PASSWORD, totp: '', ...more });
  }

  /** To the way back to the client. */
  async allow(name: string, more: Record<string, string> = {}): Promise<Visit> {
    return this.browser.submit(await this.logIn(name, more), 'consent');
  }

  async code(name: string, more: Record<string, string> = {}): Promise<string> {
    const { url } = await this.allow(name, more);
    const code = url.searchParams.get('code');
    if (!code) throw new Error(`No code: ${url.href}`);
    return code;
  }

  exchange(code: string, more: Record<string, string> = {}): Promise<Answer> {
    const { client_id: id, redirect_uri: uri } = this.#parameters as {
      client_id: string;
      redirect_uri: string;
    };
    const fields = {
      grant_type: 'authorization_code',
      code,
      client_id: id,
      redirect_uri: uri,
      code_verifier: this.verifier,
    };
    return post(this.#client, 'token', { ...fields, ...more });
  }

  async tokens(name: string, more: Record<string, string> = {}): Promise<TokenAnswer> {
    const answer = await this.exchange(await this.code(name, more));
    if (answer.status !== 200) throw new Error(`No tokens: ${JSON.stringify(answer.body)}`);
    return answer.body as TokenAnswer;
  }
}
