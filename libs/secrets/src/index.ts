export { FileWatch } from './file-watch.ts';
export { LiveSecrets } from './live-secrets.ts';
export { fixed, liveValue, RotatingValue } from './rotating-value.ts';
export {
  Secrets,
  type Adoption,
  type Rotating,
  type SecretNews,
  type SecretSource,
  type SecretState,
} from './secrets.ts';
export { isPredecessor } from './secret-entries.ts';
export { SecretsModule } from './secrets.module.ts';
export { signingSecretsConfig } from './signing-secrets.config.ts';
export { isProduction } from './production.config.ts';
export { checkSettings, productionFindings, secretFindings } from './production-check.ts';
export { generateSecrets } from './generate-secrets.ts';
