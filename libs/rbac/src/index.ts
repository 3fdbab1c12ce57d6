export { AuthoriseGuard } from './authorise.guard.ts';
export { isGranted, unknownPermission } from './grants.ts';
export { permissionsOf } from './roles.ts';
