import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Principal, Role, Tier } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError, NotFound } from '#errors';
import { mintKey } from './api-key.ts';
import type { ApiKey } from './api-key.record.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { identityConfig } from './identity.config.ts';
import { KeyStore, type KeyPage } from './key-store.ts';
import { Pepper } from './pepper.ts';
import { requireRank, requireRights } from './rights.ts';
import { Verdicts } from './verdicts.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What a new key is to be. */
export interface KeyOrder {
  name: string;
  role: Role;
  tier?: Tier | undefined;
  /** API_KEY_TTL_DAYS unless told. */
  expiresInDays?: number | undefined;
}

/** How one key takes the place of another. */
export interface RotationOrder {
  /** API_KEY_ROTATION_OVERLAP_HOURS unless told. */
  overlapHours?: number | undefined;
  expiresInDays?: number | undefined;
}

/** A new key: the only moment when anyone sees it. */
export interface IssuedKey {
  readonly secret: string;
  readonly key: ApiKey;
}

/** The life of a key: issued, rotated, revoked. Whoever may write keys still hands out no more than they have. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly store: KeyStore,
    private readonly pepper: Pepper,
    private readonly verdicts: Verdicts,
    private readonly configured: ConfiguredAdmin,
    @Inject(identityConfig.KEY) private readonly config: ConfigOf<typeof identityConfig>,
  ) {}

  /** @throws GatehouseError ACCESS_REFUSED, CONFLICT when the name is in use */
  async create(order: KeyOrder, by: Principal): Promise<IssuedKey> {
    const { name, role, tier } = order;
    requireRights(by, { role, tier });
    const issued = this.#mint({ principalId: randomUUID(), name, role, tier, createdBy: by.id }, order);
    if (await this.store.insert(issued.key, this.pepper.digest(issued.secret), by)) return issued;
    throw conflict('A key of that name exists: rotate or revoke it, or choose another name');
  }

  list(page: { skip: number; limit: number }): Promise<KeyPage> {
    return this.store.list(page);
  }

  /**
   * A new key for the principal of another one, which goes on working during the overlap. An expired key can be rotated too.
   * @throws NotFound; GatehouseError ACCESS_REFUSED, CONFLICT when it was revoked or rotated before
   */
  async rotate(id: string, order: RotationOrder, by: Principal): Promise<IssuedKey> {
    const old = await this.#existing(id);
    requireRights(by, old);
    const { principalId, name, role, tier } = old;
    const issued = this.#mint({ principalId, name, role, tier, createdBy: by.id, rotatedFrom: id }, order);
    const overlapMs = (order.overlapHours ?? this.config.rotationOverlapHours) * HOUR_MS;
    const endsAt = new Date(issued.key.createdAt.getTime() + overlapMs);
    const done = await this.store.supersede(issued.key, this.pepper.digest(issued.secret), endsAt, by);
    if (!done) throw conflict('That key was revoked or rotated before: rotate the key that took its place');
    this.verdicts.forget(id);
    return issued;
  }

  /**
   * Works at once in this process, and within a second in all others. Revoking a revoked key changes nothing.
   * @throws NotFound; GatehouseError ACCESS_REFUSED, CONFLICT when no admin could come in any more
   */
  async revoke(
    id: string,
    { force = false }: { force?: boolean | undefined },
    by: Principal,
  ): Promise<ApiKey> {
    requireRank(by, await this.#existing(id));
    const sparing = force || this.configured.exists ? 'none' : 'last-admin';
    if (!(await this.store.revoke(id, new Date(), sparing))) {
      throw conflict('That is the last key of an admin: make another one first, or say force');
    }
    this.verdicts.forget(id);
    return this.#existing(id);
  }

  async #existing(id: string): Promise<ApiKey> {
    const key = await this.store.get(id);
    if (!key) throw new NotFound('There is no such key');
    return key;
  }

  #mint(
    owner: Pick<ApiKey, 'principalId' | 'name' | 'role' | 'tier' | 'createdBy'> & { rotatedFrom?: string },
    { expiresInDays = this.config.keyTtlDays }: { expiresInDays?: number | undefined },
  ): IssuedKey {
    const createdAt = new Date();
    const key: ApiKey = {
      id: randomUUID(),
      ...owner,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + expiresInDays * DAY_MS),
      lastUsedAt: undefined,
      supersededAt: undefined,
      revokedAt: undefined,
      rotatedFrom: owner.rotatedFrom,
    };
    return { secret: mintKey(), key };
  }
}

function conflict(message: string): GatehouseError {
  return new GatehouseError('CONFLICT', message);
}
