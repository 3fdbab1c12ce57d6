import { errors, type Adapter, type AdapterFactory, type AdapterPayload } from 'oidc-provider';
import type { ClientStore } from '../clients/client-store.ts';
import type { ClientMetadata, OAuthClient } from '../clients/oauth-client.ts';
import type { Registrations } from '../clients/registrations.ts';
import type { OAuthClients } from '../clients/oauth-clients.ts';
import type { ArtifactStore } from './artifact-store.ts';

export interface Stores {
  readonly artifacts: ArtifactStore;
  readonly clients: ClientStore;
  readonly registrations: Registrations;
  readonly secrets: Pick<OAuthClients, 'digest'>;
  /** Told of a refresh token that was shown twice at the same time. */
  readonly reused: () => void;
  /** Address of whoever asks. */
  readonly askedFrom: () => string;
}

/** What `oidc-provider` keeps, in our tables. */
export function adaptersOn(stores: Stores): AdapterFactory {
  return (model) => (model === 'Client' ? new ClientAdapter(stores) : new ArtifactAdapter(model, stores));
}

class ArtifactAdapter implements Adapter {
  readonly #model: string;
  readonly #artifacts: ArtifactStore;
  readonly #reused: () => void;
  readonly #askedFrom: () => string;

  constructor(model: string, { artifacts, reused, askedFrom }: Stores) {
    this.#model = model;
    this.#artifacts = artifacts;
    this.#reused = reused;
    this.#askedFrom = askedFrom;
  }

  async upsert(shown: string, payload: AdapterPayload, expiresIn = 0): Promise<void> {
    const expiresAt = new Date(Date.now() + expiresIn * 1000);
    const kept = { model: this.#model, shown, payload, expiresAt };
    if (await this.#artifacts.begin(kept, this.#askedFrom())) return;
    throw new errors.TemporarilyUnavailable('too many log-ins are under way: try again in some minutes');
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#artifacts.find(this.#model, id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#artifacts.findByUid(this.#model, uid);
  }

  async findByUserCode(): Promise<undefined> {}

  /** The server has looked before whether it was used; this is for two that look at the same time. */
  async consume(id: string): Promise<void> {
    if (await this.#artifacts.consume(this.#model, id)) return;
    const payload = await this.#artifacts.find(this.#model, id);
    if (typeof payload?.['grantId'] === 'string') await this.#artifacts.revokeFamily(payload['grantId']);
    this.#reused();
    throw new errors.InvalidGrant('already used');
  }

  async destroy(id: string): Promise<void> {
    await this.#artifacts.destroy(this.#model, id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#artifacts.revokeFamily(grantId);
  }
}

class ClientAdapter implements Adapter {
  readonly #clients: ClientStore;
  readonly #registrations: Registrations;
  readonly #secrets: Stores['secrets'];
  readonly #askedFrom: () => string;

  constructor({ clients, registrations, secrets, askedFrom }: Stores) {
    this.#clients = clients;
    this.#registrations = registrations;
    this.#secrets = secrets;
    this.#askedFrom = askedFrom;
  }

  /** In place of the secret its digest, which the secret that is shown is compared with. */
  async find(id: string): Promise<AdapterPayload | undefined> {
    const client = await this.#clients.find(id);
    if (!client) return undefined;
    const { metadata, secretDigest } = client;
    return {
      ...(metadata as unknown as AdapterPayload),
      client_id: client.id,
      ...(secretDigest !== undefined && { client_secret: secretDigest }),
    };
  }

  /** One that registers itself (RFC 7591): nobody here has vouched for it, so it acts for persons only. */
  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    const metadata = payload as unknown as ClientMetadata;
    const client: OAuthClient = {
      id,
      name: metadata.client_name,
      role: 'service',
      secretDigest:
        payload.client_secret === undefined ? undefined : this.#secrets.digest(payload.client_secret),
      metadata: {
        client_name: metadata.client_name,
        grant_types: metadata.grant_types,
        response_types: metadata.response_types,
        redirect_uris: metadata.redirect_uris,
        token_endpoint_auth_method: metadata.token_endpoint_auth_method,
        application_type: metadata.application_type,
        scope: metadata.scope,
      },
      registered: true,
      createdAt: new Date(),
      createdBy: 'itself',
    };
    if (await this.#registrations.admit(client, this.#askedFrom())) return;
    throw new errors.TemporarilyUnavailable('too many clients have registered themselves: try again later');
  }

  async destroy(id: string): Promise<void> {
    await this.#clients.delete(id);
  }

  async consume(): Promise<void> {}
  async findByUid(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async revokeByGrantId(): Promise<void> {}
}
