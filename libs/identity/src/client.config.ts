import { defineConfig, setting } from '#config';

const url = (env: string, description: string, fallback: string) =>
  setting.text({
    env,
    description,
    default: fallback,
    pattern: /^https?:\/\/[^\s?#]{1,1024}$/,
    shape: 'a URL that begins with http:// or https://',
  });

/** What the commands need to find the gateway. It lies here so that the gateway, too, knows the names. */
export const clientConfig = defineConfig('client', {
  url: url('GATEHOUSE_URL', 'Where the commands find the gateway', 'http://127.0.0.1:8000'),
  managementUrl: url(
    'GATEHOUSE_MANAGEMENT_URL',
    'Where the commands of operators find its management port',
    'http://127.0.0.1:8001',
  ),
});
