export { AuthoriseGuard, refusalOf } from './authorise.guard.ts';
export { isGranted, mayCall, permissionFault, permissions } from './grants.ts';
export { VisibilityGuard } from './visibility.guard.ts';
