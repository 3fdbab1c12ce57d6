export { logRedaction } from './log-redaction.ts';
export { maskPii } from './mask-pii.ts';
export { maskSecrets } from './mask-secrets.ts';
export { maskValue, type MaskText } from './mask-value.ts';
export { maskingConfig } from './masking.config.ts';
export { MaskingInterceptor } from './masking.interceptor.ts';
export { maskingOfAnswers, secretsFound, secretsOnly } from './masking.ts';
