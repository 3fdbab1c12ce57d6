import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { callOf } from '#call';
import { refusalFor, refusalOf } from './grants.ts';

/** May they at all: role, scopes and second factor give the permission that the operation names. Closed when in doubt. */
@Injectable()
export class AuthoriseGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { operation, principal } = callOf(context);
    const refusal = operation ? refusalFor(principal, operation) : refusalOf(operation);
    if (refusal) throw refusal;
    return true;
  }
}
