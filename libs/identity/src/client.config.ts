import { defineConfig, setting } from '#config';

/** What the commands need to find the gateway. It lies here so that the gateway, too, knows the name. */
export const clientConfig = defineConfig('client', {
  url: setting.text({
    env: 'GATEHOUSE_URL',
    description: 'Where the commands find the gateway',
    default: 'http://127.0.0.1:8000',
    pattern: /^https?:\/\/[^\s?#]{1,1024}$/,
    shape: 'a URL that begins with http:// or https://',
  }),
});
