import { Command, Help, type Option } from 'commander';
import { serverInfo } from '#mcp';
import { registerAudit } from './audit.command.ts';
import { registerBackup } from './backup.command.ts';
import { registerBlocks } from './blocks.command.ts';
import { registerConnections } from './connections.command.ts';
import { registerDoctor } from './doctor.command.ts';
import { registerEncryption } from './encryption.command.ts';
import { registerHealth } from './health.command.ts';
import { registerIngest } from './ingest.command.ts';
import { registerKeys } from './keys.command.ts';
import { registerMigrate } from './migrate.command.ts';
import { registerOAuth } from './oauth.command.ts';
import { registerPersons } from './persons.command.ts';
import { registerRestart } from './restart.command.ts';
import { registerSecrets } from './secrets.command.ts';
import { registerSecurityAudit } from './security-audit.command.ts';
import { registerSettings } from './settings.command.ts';
import { registerStart } from './start.command.ts';
import { registerStdio } from './stdio.command.ts';
import { registerTls } from './tls.command.ts';
import { registerUsers } from './users.command.ts';

/** All commands, in the order of README.md. */
export function gatehouse(): Command {
  const program = new Command('gatehouse')
    .description('Gatehouse: an MCP server and gateway that guards and records every call')
    .version(serverInfo.version, '--version', 'print the version')
    .configureHelp({ optionDescription: describeOption })
    .showHelpAfterError('(--help shows what is allowed)')
    .exitOverride(({ exitCode, code }) => {
      // Commander exits with 1 for a mistyped command line; 2 is what scripts expect of that.
      process.exit(exitCode === 0 || code === 'commander.help' ? 0 : 2);
    });

  program.commandsGroup('Run it:');
  registerStart(program);
  registerStdio(program);
  registerMigrate(program);
  registerSettings(program);
  program.commandsGroup('Who may come in:');
  registerKeys(program);
  registerUsers(program);
  registerOAuth(program);
  program.commandsGroup('Conversations:');
  registerIngest(program);
  registerPersons(program);
  program.commandsGroup('Look after it:');
  registerHealth(program);
  registerDoctor(program);
  registerSecurityAudit(program);
  registerAudit(program);
  registerConnections(program);
  registerBlocks(program);
  registerRestart(program);
  program.commandsGroup('Secrets and data:');
  registerSecrets(program);
  registerEncryption(program);
  registerTls(program);
  registerBackup(program);

  return program;
}

/** Commander says what an option may be, and not that it must be there. */
function describeOption(this: Help, option: Option): string {
  const text = Help.prototype.optionDescription.call(this, option);
  return option.mandatory ? `${text} (required)` : text;
}
