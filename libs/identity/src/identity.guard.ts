import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { callOf, type Call, type Principal } from '#call';
import { CallerProof } from './caller-proof.ts';
import { PrincipalStanding } from './principal-standing.ts';

/**
 * Who calls. A public operation takes no credential, and looks at none: one that went bad must not lock a client out of
 * what anybody may see.
 */
@Injectable()
export class IdentityGuard implements CanActivate {
  constructor(
    private readonly caller: CallerProof,
    private readonly standing: PrincipalStanding,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const call = callOf(context);
    // Proven already: a call for what is hidden from its caller walks the list once more, as one for nothing.
    if (call.operation?.public || call.principal) return true;
    const principal = this.#prove(call);
    if (!(principal instanceof Promise)) {
      call.principal = principal;
      return true;
    }
    return principal.then((proven) => {
      call.principal = proven;
      return true;
    });
  }

  #prove(call: Call): Principal | Promise<Principal> {
    if (call.onBehalfOf) return this.standing.renew(call.onBehalfOf);
    return this.caller.prove(call);
  }
}
