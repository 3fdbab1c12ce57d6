export { maskPii } from './mask-pii.ts';
export { maskSecrets } from './mask-secrets.ts';
export { maskValue } from './mask-value.ts';
export { MaskingInterceptor } from './masking.interceptor.ts';
