import 'reflect-metadata';
import { Command } from 'commander';
import { registerAudit } from './audit.command.ts';
import { registerBackup } from './backup.command.ts';
import { registerBlocks } from './blocks.command.ts';
import { registerEncryption } from './encryption.command.ts';
import { registerIngest } from './ingest.command.ts';
import { registerKeys } from './keys.command.ts';
import { registerOAuth } from './oauth.command.ts';
import { registerPersons } from './persons.command.ts';
import { registerSettings } from './settings.command.ts';
import { registerStart } from './start.command.ts';
import { registerUsers } from './users.command.ts';

const program = new Command('gatehouse')
  .description('Gatehouse: an MCP server and gateway that guards and records every call')
  .showHelpAfterError('(--help shows what is allowed)')
  .exitOverride(({ exitCode, code }) => {
    // Commander exits with 1 for a mistyped command line; 2 is what scripts expect of that.
    process.exit(exitCode === 0 || code === 'commander.help' ? 0 : 2);
  });

registerStart(program);
registerKeys(program);
registerUsers(program);
registerBlocks(program);
registerAudit(program);
registerOAuth(program);
registerBackup(program);
registerEncryption(program);
registerIngest(program);
registerPersons(program);
registerSettings(program);

await program.parseAsync();
