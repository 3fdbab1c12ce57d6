import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { callOf, type Operation } from '#call';
import { AccessRefused } from '#errors';
import { mayCall } from './grants.ts';

/** May they at all: the principal's role holds the permission that the operation names. Closed when in doubt. */
@Injectable()
export class AuthoriseGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { operation, principal } = callOf(context);
    if (operation && mayCall(principal, operation)) return true;
    throw refusalOf(operation);
  }
}

/** What there is to say of an operation that a principal may not call. */
export function refusalOf(operation: Operation | undefined): AccessRefused {
  return new AccessRefused({
    operation: operation?.name ?? 'This call',
    missing: operation?.permission ?? 'of a declared operation',
  });
}
