import '../../../../gateway/src/gateway.module.ts'; // each lib declares its settings
import type { Status } from '../check.ts';
import { checks } from '../checks.ts';
import { examine } from '../examination.ts';
import { Site } from '../site.ts';

/** What one check finds, and what it says of what is worst. */
export async function find(
  name: string,
  env: Record<string, string>,
  now?: () => number,
): Promise<{ status: Status; said: string }> {
  await using site = await Site.at(env, now);
  const [diagnosis] = await examine(site, [checks.find((check) => check.name === name)!]);
  const { status, findings } = diagnosis!;
  const worst = findings.filter((finding) => finding.status === status);
  return { status, said: worst.map(({ text }) => text).join('; ') };
}
