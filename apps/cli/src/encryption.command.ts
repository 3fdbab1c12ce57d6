import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RotationStatus } from '#encryption';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { usualExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf } from './table.ts';

/** What scripts read: 0 all is under the key in force, 1 some rows are not, or can't be opened. */
const UNFINISHED = 1;
const LOOK_EVERY_MS = 500;

interface EncryptionOptions extends ClientOptions {
  json?: true;
}
interface RotateOptions extends EncryptionOptions {
  wait: boolean;
}

/** `gatehouse encryption`: what lies in the database under which key. */
export function registerEncryption(program: Command): void {
  const encryption = program
    .command('encryption')
    .description('say what is sealed by which key, and have it sealed anew after a rotation');

  common(encryption.command('status').description('count rows by key')).action(
    reporting(async (options: EncryptionOptions) => {
      report(options, await new ApiClient(options).request<RotationStatus>('GET', '/admin/encryption'));
    }),
  );

  common(
    encryption
      .command('rotate')
      .description(
        'seal anew, by the key in force, what another key has sealed, and what should not be in clear',
      )
      .option('--no-wait', 'do not wait for the end'),
  ).action(
    reporting(async (options: RotateOptions) => {
      const client = new ApiClient(options);
      let status = await client.request<RotationStatus>('POST', '/admin/encryption/rotate');
      for (let before = Infinity; options.wait && status.pending > 0; before = status.pending) {
        tell(status, before);
        await sleep(LOOK_EVERY_MS);
        status = await client.request<RotationStatus>('GET', '/admin/encryption');
        if (!status.running && status.pending === before) break; // What is left does not open.
      }
      report(options, status);
    }),
  );
}

function common(command: Command): Command {
  return withClientOptions(command, 'api', {
    ...usualExits,
    [UNFINISHED]: 'some rows are not under the key in force; or the gateway refused or failed',
  }).option('--json', 'print JSON');
}

/** Where somebody looks on. */
function tell({ pending }: RotationStatus, before: number): void {
  if (process.stderr.isTTY && pending !== before) process.stderr.write(`${pending} rows to go\n`);
}

const HEADING = ['ROWS OF', 'KEY', 'STATE', 'ROWS'];

function report(options: EncryptionOptions, status: RotationStatus): void {
  const { key, in_force, running, pending, unknown, counts } = status;
  const rows = counts.map((one) => [one.rows_of, one.key ?? '-', one.state, String(one.rows)]);
  const text =
    `The key that seals: ${key}${in_force ? '' : ', but another replica has a newer one'}\n` +
    (rows.length > 0 ? tableOf([HEADING, ...rows]) : 'Nothing is sealed yet.\n') +
    (pending > 0 ? `${pending} rows are to be sealed anew${running ? ': under way' : ''}.\n` : '') +
    (unknown > 0
      ? `${unknown} rows are sealed by a key that is not known here: see ENCRYPTION_PREVIOUS_KEYS.\n`
      : '');
  print(options, status, text);
  if (pending > 0 || unknown > 0 || !in_force) process.exitCode = UNFINISHED;
}
