import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { callOf } from '#call';
import { bearerToken } from './bearer.ts';
import { CredentialVerifier } from './credential-verifier.ts';

/**
 * Who calls. A public operation takes no credential, and looks at none: one that went bad must not lock a client out of
 * what anybody may see.
 */
@Injectable()
export class IdentityGuard implements CanActivate {
  constructor(private readonly verifier: CredentialVerifier) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const call = callOf(context);
    if (call.operation?.public) return true;
    const principal = this.verifier.verify(bearerToken(call.authorization), call);
    if (!(principal instanceof Promise)) {
      call.principal = principal;
      return true;
    }
    return principal.then((proven) => {
      call.principal = proven;
      return true;
    });
  }
}
