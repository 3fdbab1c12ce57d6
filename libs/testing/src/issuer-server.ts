import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';

interface SigningPair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** An issuer of somebody else's, on this machine: its metadata, its keys, and its tokens. */
export class IssuerServer {
  /** How often its keys were asked for. */
  fetches = 0;
  /** In place of its keys. */
  answer: Answer | undefined;
  #server: Server | undefined;
  #port = 0;
  #keys: SigningPair[] = [];

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}/realm`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** A new key, in place of those of before. */
  async rotate(alg = 'ES256', kid = `key-${Math.random()}`): Promise<string> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    this.#keys = [{ kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }];
    return kid;
  }

  token(claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const [{ kid, alg, privateKey }] = this.#keys as [SigningPair];
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: this.issuer,
      aud: 'https://gate.example/mcp',
      sub: 'somebody',
      iat: now,
      exp: now + 300,
      scope: 'mcp:use',
      ...claims,
    };
    return new SignJWT(all).setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header }).sign(privateKey);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/realm/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: this.issuer, jwks_uri: `${this.issuer}/jwks` }));
    } else if (request.url === '/realm/jwks') {
      this.fetches++;
      if (this.answer) this.answer(response, request);
      else response.end(JSON.stringify({ keys: this.#keys.map(({ jwk }) => jwk) }));
    } else response.writeHead(404).end();
  }
}
