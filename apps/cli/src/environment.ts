import type { Environment } from '#config';
import { LiveSecrets } from '#secrets';

/** What is set, and what AWS Secrets Manager has beside it: where the database is may stand there. @throws ConfigError */
export async function environment(): Promise<Environment> {
  const secrets = await LiveSecrets.open(process.env);
  secrets.close();
  return secrets.env;
}
