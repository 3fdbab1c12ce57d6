export { AuthoriseGuard } from './authorise.guard.ts';
export { isGranted, mayCall, permissionFault } from './grants.ts';
