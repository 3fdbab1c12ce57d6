import { CredentialExpired, CredentialInvalid, CredentialUnknown, type GatehouseError } from '#errors';
import type { CredentialKind } from './verdict.ts';

interface Refusals {
  /** Not one of ours, or not any more: a stranger does not learn which. */
  readonly unknown: () => GatehouseError;
  readonly expired: () => GatehouseError;
}

/** What the bearer of each kind of credential is told (requirements 14.1). */
export const refusals: Readonly<Record<CredentialKind, Refusals>> = {
  key: {
    unknown: () => new CredentialUnknown(),
    expired: () => new CredentialExpired('The API key has expired: ask an administrator to rotate it'),
  },
  token: {
    unknown: () => new CredentialInvalid('The access token is not valid here: get a new one'),
    expired: () => new CredentialExpired('The access token has expired: get a new one'),
  },
  certificate: {
    unknown: () => new CredentialUnknown('The client certificate stands for nobody here'),
    expired: () => new CredentialExpired('The client certificate has expired'),
  },
};
