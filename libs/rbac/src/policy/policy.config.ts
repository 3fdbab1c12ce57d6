import { defineConfig, setting } from '#config';

export const policyConfig = defineConfig('policy', {
  file: setting.optional({
    env: 'POLICY_FILE',
    description:
      'YAML that says what roles may do, over what they may by themselves; edits apply without a restart',
    shape: 'a path of a file',
  }),
});
