export { AuthoriseGuard } from './authorise.guard.ts';
export {
  holds,
  isGranted,
  mayCall,
  maySee,
  permissionFault,
  permissions,
  refusalFor,
  refusalOf,
} from './grants.ts';
export { needsSecondFactor } from './roles.ts';
export { requireMay } from './require-may.ts';
export { VisibilityGuard } from './visibility.guard.ts';
