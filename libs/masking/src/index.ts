export { logRedaction } from './log-redaction.ts';
export { maskPii } from './mask-pii.ts';
export { maskSecrets } from './mask-secrets.ts';
export { maskValue } from './mask-value.ts';
export { MaskingInterceptor } from './masking.interceptor.ts';
export { MaskingModule } from './masking.module.ts';
