import { defineConfig, readSetting, setting, type Environment } from '#config';

const productionConfig = defineConfig('production', {
  mode: setting.text({
    env: 'NODE_ENV',
    description:
      'production (or prod): weak secrets and open doors stop the start; anything else: they are warned of',
    default: 'development',
    pattern: /^[\w-]{1,64}$/,
    shape: 'a word',
  }),
});

/** Whoever writes `prod` or `Production` means it. */
export function isProduction(env: Environment): boolean {
  return /^prod(uction)?$/i.test(readSetting(productionConfig.settings.mode, env));
}
