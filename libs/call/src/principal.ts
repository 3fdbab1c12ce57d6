import type { Permission } from './operation.ts';

/** How much a key may do: requests a minute and an hour (RAG-29). Without one, the client default holds (ARC-20). */
export const tiers = ['free', 'basic', 'pro', 'enterprise'] as const;
export type Tier = (typeof tiers)[number];

/** What a principal may be (SEN-2). libs/rbac says what each of them may do. */
export const roles = ['employee', 'admin', 'auditor', 'service'] as const;
export type Role = (typeof roles)[number];

/** Who makes the call, once that is proven. */
export interface Principal {
  /** Stable over rotations of the key: limits and ownership go by it. */
  readonly id: string;
  /** The name that a person gave it. */
  readonly name: string;
  readonly role: Role;
  readonly tier: Tier | undefined;
  /** The credential that proved it, for the audit trail: an id, never the secret. */
  readonly keyId: string;
  /** What of the role's permissions the credential was given (OAuth 2.0 scopes); all of them where it says nothing. */
  readonly scopes?: ReadonlySet<Permission>;
  /** Whether a person has shown a second factor for this credential; absent of programs, which have none. */
  readonly secondFactor?: boolean;
}
