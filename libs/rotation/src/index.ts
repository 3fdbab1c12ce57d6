export { RotationModule } from './rotation.module.ts';
export { dueAtOf, SecretAges, type SecretAge } from './secret-ages.ts';
export { SecretsController, type SecretListView, type SecretView } from './secrets.controller.ts';
