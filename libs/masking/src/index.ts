export { logRedaction } from './log-redaction.ts';
export { maskPii } from './mask-pii.ts';
export { maskSecrets } from './mask-secrets.ts';
export { MaskingInterceptor } from './masking.interceptor.ts';
