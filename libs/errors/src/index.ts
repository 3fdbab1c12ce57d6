export { GatehouseError, internalError } from './gatehouse-error.ts';
export {
  AccessRefused,
  CredentialExpired,
  CredentialInvalid,
  CredentialMissing,
  CredentialUnknown,
  Hidden,
  InvalidInput,
  InvalidLogin,
  NotFound,
  SecondFactorRequired,
  type Fault,
} from './refusals.ts';
export { wire, type ErrorCode, type Severity } from './wire.ts';
