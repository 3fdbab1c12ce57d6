import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { scratchFolder } from '#testing';
import { ROOT } from '../../support/root.ts';
import { failed, without, type Check } from '../check.ts';
import { templateFaults, type Template } from '../cloudformation-policies.ts';
import { command, saidBy } from '../command.ts';
import { pinned } from '../tools.ts';

const TEMPLATE = 'k8s/aws/gatehouse.yaml';

export const cloudformation: Check = {
  name: 'cloudformation',
  async run() {
    const linter = await pinned('cfn-lint');
    // Warnings count too.
    const outcome = await command(linter, ['--non-zero-exit-code', 'informational', join(ROOT, TEMPLATE)]);
    if (outcome.code !== 0) return failed(saidBy(outcome, 30));
    const text = readFileSync(join(ROOT, TEMPLATE), 'utf8');
    await using scratch = await scratchFolder();
    const slipped = join(scratch.path, 'slipped.yaml');
    writeFileSync(slipped, text.replace('EnableKeyRotation', 'EnableKeyRotations'));
    if ((await command(linter, [slipped])).code === 0)
      return failed('the check is blind: an unknown property was not seen');
    // The tags of CloudFormation (!Ref, !Sub) stand before plain values.
    const template = parse(text, { logLevel: 'silent' }) as Template;
    const count = Object.keys(template.Resources).length;
    return without(
      templateFaults(template),
      `cfn-lint finds nothing in ${count} resources; rights, keys and web ACL are as asked`,
    );
  },
};
