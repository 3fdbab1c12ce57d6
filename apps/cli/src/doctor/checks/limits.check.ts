import { adaptiveConfig } from '#adaptive';
import { throttleConfig } from '#throttle';
import { httpConfig } from '#transport';
import { fail, orPass, warn, type Check } from '../check.ts';

const LARGE_BYTES = 16 * 1024 * 1024;

/** Whether one client could take the service from the others. */
export const limitsCheck: Check = {
  name: 'limits',
  read: 'docs/runbooks/limits.md#what-to-set',
  async look(site) {
    const { enabled, failMode } = site.config(throttleConfig);
    const { maxRequestBytes } = site.config(httpConfig);
    const gateway = await site.gateway();
    return orPass(
      [
        !enabled && fail('RATE_LIMIT_ENABLED=false: nothing limits what a caller may do'),
        failMode === 'open' &&
          warn('RATE_LIMIT_FAIL_MODE=open: calls whose limits cannot be checked are let through'),
        !site.config(adaptiveConfig).enabled &&
          warn('ADAPTIVE_LIMITS_ENABLED=false: limits do not tighten in a flood'),
        maxRequestBytes > LARGE_BYTES &&
          warn(`MAX_REQUEST_SIZE=${maxRequestBytes}: as much memory for each connection that sends it`),
        gateway?.sample('rate_limits_divided') === 1 &&
          warn('the running gateway enforces its share of the limits by itself: Valkey is away'),
      ],
      'calls are limited, and where that cannot be checked they are refused',
    );
  },
};
