import { defineConfig, setting } from '#config';

export const restartConfig = defineConfig('restart', {
  supervised: setting.oneOf({
    env: 'SUPERVISED',
    description:
      'Whether something starts the program again when it ends, so that POST /restart may end it; auto: in a container',
    values: ['auto', 'true', 'false'],
    default: 'auto',
  }),
});
