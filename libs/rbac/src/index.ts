export { AuthoriseGuard } from './authorise.guard.ts';
export {
  holds,
  isGranted,
  mayCall,
  maySee,
  permissionFault,
  permissions,
  permissionsHeldBy,
  refusalFor,
} from './grants.ts';
export { PolicyFile, type PolicyNews } from './policy/policy-file.ts';
export { RbacModule } from './rbac.module.ts';
export { needsSecondFactor } from './roles.ts';
export { requireMay } from './require-may.ts';
export { rulesInForce } from './rules-in-force.ts';
export { VisibilityGuard } from './visibility.guard.ts';
