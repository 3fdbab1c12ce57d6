import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { callOf } from '#call';
import { Hidden } from '#errors';
import { maySee, refusalOf } from './grants.ts';

/**
 * Is it there at all, for them. Only of what a door shows to some and not to others; the door then answers as if nothing
 * were there. Before the limits: one that the hidden thing has of its own must not show.
 */
@Injectable()
export class VisibilityGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { offered, principal } = callOf(context);
    if (offered === undefined || maySee(principal, offered)) return true;
    throw new Hidden('There is no such thing', refusalOf(offered));
  }
}
