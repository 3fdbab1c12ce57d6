import type { errors } from 'oidc-provider';
import { CredentialInvalid, GatehouseError } from '#errors';

type ProviderError = errors.OIDCProviderError | Error;

/** What a failure at the authorization server is for the record of its call: its answer is OAuth's own (RFC 6749, 5.2). */
export function refusalOf(error: ProviderError): GatehouseError {
  const { status, error: code } = error as Partial<errors.OIDCProviderError>;
  if (status === undefined || status >= 500 || code === 'server_error') {
    // A store that can't be asked says so itself.
    if (error instanceof GatehouseError) return error;
    return new GatehouseError(
      code === 'temporarily_unavailable' ? 'UNAVAILABLE' : 'INTERNAL',
      'The authorization server failed',
      { cause: error },
    );
  }
  // A wrong secret is a guess, as a wrong key is.
  if (code === 'invalid_client')
    return new CredentialInvalid('The client is not known, or its secret is wrong');
  return new GatehouseError('AUTHORIZATION_REFUSED', 'The authorization server has refused it', {
    cause: error,
  });
}

export function tokenReused(): GatehouseError {
  return new GatehouseError(
    'REFRESH_TOKEN_REUSED',
    'It was used before: whoever has it is not the only one, so all that came of it is revoked',
  );
}
