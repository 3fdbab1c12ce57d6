import type { Command } from 'commander';
import { definedConfigs, type Setting } from '#config';

interface SettingRow {
  name: string;
  aliases: readonly string[];
  default: string;
  allowed: string;
  description: string;
}

/** `gatehouse settings`: every environment variable there is, as the README's table shows them. */
export function registerSettings(program: Command): void {
  program
    .command('settings')
    .description('list the settings: environment variables, what is allowed, and the defaults')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      await import('../../gateway/src/gateway.module.ts'); // each lib declares its own
      const rows = definedConfigs().flatMap(({ settings }) => Object.values(settings).map(rowOf));
      process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : markdownOf(rows));
    });
}

function rowOf({ env, aliases, default: value, shape, description, secret }: Setting<unknown>): SettingRow {
  const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
  return {
    name: env,
    aliases,
    default: text,
    allowed: secret ? `${shape}; or ${env}_FILE` : shape,
    description,
  };
}

function markdownOf(rows: readonly SettingRow[]): string {
  const lines = rows.map(({ name, aliases, default: value, allowed, description }) => {
    const names = [name, ...aliases].map((one) => `\`${one}\``).join(', ');
    return `| ${names} | ${value ? `\`${value}\`` : '—'} | ${description}. ${allowed} |`;
  });
  return ['| setting | default | meaning and what is allowed |', '|---|---|---|', ...lines, ''].join('\n');
}
