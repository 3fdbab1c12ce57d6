/** A secret that could not be had, and why: in words of ours, since what a server says may hold anything. */
export class SecretFailure extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'SecretFailure';
  }
}

const REFUSALS = new Set([
  'AccessDeniedException',
  'DecryptionFailure',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]);
const NAME = /^[A-Za-z]{1,64}$/;

/** Whether the store answers that it has no such secret, or no such version of it. */
export function isMissing(error: unknown): boolean {
  return (error as Error).name === 'ResourceNotFoundException';
}

export function asSecretFailure(error: unknown, timeoutMs: number): SecretFailure {
  if (error instanceof SecretFailure) return error;
  const { name, message, code } = error as Error & { code?: string };
  const because = (reason: string) => new SecretFailure(reason, { cause: error });
  if (REFUSALS.has(name)) return because(`access is denied (${name})`);
  if (name === 'AbortError' || name === 'TimeoutError') return because(`no answer within ${timeoutMs} ms`);
  if (name === 'CredentialsProviderError') return because('no AWS credentials are found');
  if (name === 'InvalidRequestException') return because('it is marked for deletion, or not in use');
  if (message === 'Region is missing') return because('AWS_REGION is not set');
  if (code !== undefined) return because(`it can't be reached (${code})`);
  return because(NAME.test(name) ? `it fails (${name})` : 'it fails');
}
