export { AuthoriseGuard } from './authorise.guard.ts';
export { isGranted, mayCall, permissionFault, permissions } from './grants.ts';
