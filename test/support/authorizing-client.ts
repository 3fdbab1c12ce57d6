import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { Browser } from './browser.ts';
import { CALLBACK } from './oauth.ts';
import { PASSWORD } from './people.ts';

export interface KnownAs {
  /** Registered before, by an administrator. */
  readonly clientId?: string;
  /** Of the authorization server that it was registered with. */
  readonly issuer?: string;
  /** Described by a document there. */
  readonly clientMetadataUrl?: string;
}

/** What a program brings along for the official client to log a person in. The person is at a browser, and always agrees. */
export class PersonAtBrowser implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadataUrl?: string;
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'The official client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  /** What was asked for, each time that the person was sent to the browser. */
  readonly askedFor: string[] = [];
  readonly #person: string;
  #information: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovered: OAuthDiscoveryState | undefined;
  #callback: URLSearchParams | undefined;

  constructor(person: string, { clientId, issuer, clientMetadataUrl }: KnownAs) {
    this.#person = person;
    if (clientId !== undefined) this.#information = { client_id: clientId, ...(issuer && { issuer }) };
    if (clientMetadataUrl !== undefined) this.clientMetadataUrl = clientMetadataUrl;
  }

  /** The query of the way back, once. */
  get callback(): URLSearchParams {
    const callback = this.#callback;
    if (!callback) throw new Error('The person was not sent to the browser');
    this.#callback = undefined;
    return callback;
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#information;
  }

  saveClientInformation(information: StoredOAuthClientInformation): void {
    this.#information = information;
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.askedFor.push(url.searchParams.get('scope') ?? '');
    const browser = new Browser();
    const login = await browser.open(url);
    const consent = await browser.submit(login, 'login', {
      name: this.#person,
      password: PASSWORD,
      totp: '',
    });
    const back = await browser.submit(consent, 'consent');
    this.#callback = back.url.searchParams;
  }
}

export interface Connection {
  readonly client: Client;
  /** Does something, and once more after the person was asked for what it needs. */
  readonly authorised: <T>(work: (client: Client) => Promise<T>) => Promise<T>;
}

/** Connects as a program would: tries, and when it is sent to log in, comes back with the code. */
export async function connect(url: URL, provider: PersonAtBrowser): Promise<Connection> {
  const open = () => new StreamableHTTPClientTransport(url, { authProvider: provider });
  const info = { name: 'test', version: '1' };
  let transport = open();
  let client = new Client(info, { versionNegotiation: { mode: 'auto' } });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(provider.callback);
    transport = open();
    client = new Client(info, { versionNegotiation: { mode: 'auto' } });
    await client.connect(transport);
  }
  return {
    client,
    async authorised(work) {
      try {
        return await work(client);
      } catch (error) {
        if (!(error instanceof UnauthorizedError)) throw error;
        await transport.finishAuth(provider.callback);
        return work(client);
      }
    },
  };
}
