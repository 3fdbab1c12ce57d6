import { defineConfig, setting } from '#config';

export const maskingConfig = defineConfig('masking', {
  piiInAnswers: setting.boolean({
    env: 'PII_MASK_ANSWERS',
    description: 'Whether personal data is masked in answers too; secrets always are',
    default: false,
  }),
});
