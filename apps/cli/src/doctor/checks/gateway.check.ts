import { fail, orPass, warn, type Check } from '../check.ts';

/** Whether it runs and serves. */
export const gatewayCheck: Check = {
  name: 'gateway',
  read: 'docs/runbooks/service.md#a-gateway-is-down',
  async look(site) {
    const gateway = await site.gateway();
    if (!gateway)
      return [warn('none answers at the management port of these settings: what runs was not looked at')];
    return orPass(
      [
        !gateway.ready && fail('it is not ready: its database or its journal does not work'),
        gateway.sample('database_up') === 0 && fail('it has no answer of its database'),
        ...['cache', 'state'].map(
          (name) =>
            gateway.sample(`valkey_up{connection="${name}"}`) === 0 &&
            fail(`its connection to Valkey (${name}) is down`),
        ),
      ],
      'it runs, and is ready',
    );
  },
};
