import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { serverInfo } from '#mcp';
import { gatehouse } from './program.ts';

/** Those that do something, by what is typed for them. */
function commandsOf(command: Command, path: readonly string[] = []): [string, Command][] {
  if (command.commands.length === 0) return [[path.join(' '), command]];
  return command.commands.flatMap((one) => commandsOf(one, [...path, one.name()]));
}

describe('gatehouse', () => {
  it.each(commandsOf(gatehouse()))('%s says in its --help what its exit codes mean', (_, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(help).toMatch(/\nExit codes:\n {2}0 {2}\S/);
  });

  it.each(commandsOf(gatehouse()))('%s says in its --help which options it must have', (_, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 1_000 });
    command.outputHelp();
    const lines = help.split('\n').filter((line) => line.startsWith('  -'));
    for (const { flags, mandatory } of command.options) {
      const line = lines.find((one) => one.startsWith(`  ${flags} `));
      expect(line?.endsWith(' (required)')).toBe(mandatory);
    }
  });

  it('prints its version', () => {
    expect(gatehouse().version()).toBe(serverInfo.version);
  });
});
