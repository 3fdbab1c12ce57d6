import { readAllConfigs } from '#config';
import { pass, type Check } from '../check.ts';

/** All settings, as the start reads them. The others are looked at in any case: each says what stops it. */
export const settingsCheck: Check = {
  name: 'settings',
  read: 'README.md#settings',
  look({ env }) {
    readAllConfigs(env);
    return [pass('every setting is one, and has a value that it may have')];
  },
};
