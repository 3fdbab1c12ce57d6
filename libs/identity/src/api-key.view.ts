import type { Role, Tier } from '#call';
import { stateOf, type ApiKey, type KeyState } from './api-key.record.ts';

/** A key as the API shows it. Times are ISO 8601. */
export interface ApiKeyView {
  id: string;
  name: string;
  role: Role;
  tier: Tier | null;
  state: KeyState;
  principal_id: string;
  created_at: string;
  created_by: string;
  expires_at: string;
  last_used_at: string | null;
  superseded_at: string | null;
  revoked_at: string | null;
  rotated_from: string | null;
}

/** The answer that holds the key itself: the only one that ever does. */
export interface IssuedKeyView extends ApiKeyView {
  key: string;
}

/** One page of the keys, the youngest first. */
export interface KeyListView {
  keys: ApiKeyView[];
  total: number;
  skip: number;
  limit: number;
}

/** A key for those who may see it: all that is kept but its digest. */
export function viewOf(key: ApiKey): ApiKeyView {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    tier: key.tier ?? null,
    state: stateOf(key),
    principal_id: key.principalId,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    expires_at: key.expiresAt.toISOString(),
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    superseded_at: key.supersededAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    rotated_from: key.rotatedFrom ?? null,
  };
}
