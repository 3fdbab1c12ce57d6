import type { Command } from 'commander';
import { definedConfigs, type Setting } from '#config';
import { exitCodesHelp, localExits } from './exit-codes-help.ts';
import { print } from './print.ts';

/** As the README shows them: a title, and the definitions whose settings stand under it. */
const areas: readonly [title: string, definitions: readonly string[]][] = [
  ['Server', ['http', 'restart', 'production']],
  ['WebSocket and TCP', ['sockets', 'connections', 'door-tokens']],
  ['TLS', ['tls', 'certificates']],
  ['MCP', ['mcp', 'tasks']],
  ['Storage', ['home', 'persistence', 'jobs', 'encryption', 'backup']],
  ['Valkey', ['valkey']],
  ['Cache', ['cache']],
  ['Secrets', ['secrets', 'signing-secrets']],
  ['Keys', ['identity', 'client']],
  ['Users and tokens', ['tokens', 'policy']],
  ['OAuth', ['oauth']],
  ['Limits', ['throttle', 'adaptive']],
  ['Blocks', ['blocking']],
  ['Conversations and answers', ['knowledge', 'masking']],
  ['Audit', ['audit']],
  ['Log and metrics', ['telemetry']],
];

const HEADING = '| setting | default | what it is | allowed |\n|---|---|---|---|';

interface SettingRow {
  area: string;
  name: string;
  aliases: readonly string[];
  /** As the variable would be written; empty where there is none. */
  default: string;
  description: string;
  allowed: string;
}

/** `gatehouse settings`: every environment variable there is, as the README's table shows them. */
export function registerSettings(program: Command): void {
  program
    .command('settings')
    .description('list the settings: environment variables, their defaults, and what is allowed')
    .option('--json', 'print JSON')
    .addHelpText('after', exitCodesHelp(localExits))
    .action(async (options: { json?: true }) => {
      const rows = await settingRows();
      print(options, rows, markdownOf(rows));
    });
}

/** All settings of the gateway and its commands, area by area. */
export async function settingRows(): Promise<SettingRow[]> {
  await import('../../gateway/src/gateway.module.ts'); // each lib declares its own
  const configs = definedConfigs();
  const placed = new Set(areas.flatMap(([, names]) => names));
  const rest = configs.map(({ name }) => name).filter((name) => !placed.has(name));
  return [...areas, ['Other', rest] as const].flatMap(([area, names]) =>
    names.flatMap((name) => {
      const settings = configs.find((config) => config.name === name)?.settings ?? {};
      return Object.values(settings).map((setting) => rowOf(area, setting));
    }),
  );
}

function rowOf(area: string, setting: Setting<unknown>): SettingRow {
  const { env: name, aliases, description, shape, secret } = setting;
  const allowed = secret ? `${shape}; or ${name}_FILE` : shape;
  return { area, name, aliases, default: writtenDefault(setting), description, allowed };
}

/** A duration's value is in milliseconds, while most of their variables count seconds. */
function writtenDefault(setting: Setting<unknown>): string {
  const { env, default: value } = setting;
  if (value === undefined) return '';
  const text = Array.isArray(value) ? value.join(',') : (value as { toString(): string }).toString();
  if (typeof value !== 'number' || setting.parse(text, env) === value) return text;
  return String(value / 1000);
}

function markdownOf(rows: readonly SettingRow[]): string {
  const titles = [...new Set(rows.map(({ area }) => area))];
  const tables = titles.map((title) => {
    const lines = rows.filter(({ area }) => area === title).map(lineOf);
    return `### ${title}\n\n${HEADING}\n${lines.join('\n')}\n`;
  });
  return tables.join('\n');
}

function lineOf({ name, aliases, default: value, description, allowed }: SettingRow): string {
  const also = aliases.length === 0 ? '' : `. Also ${aliases.map(code).join(', ')}`;
  const cells = [code(name), value ? code(value) : '', `${description}${also}`, shortened(allowed)];
  return `| ${cells.join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A cell of a table has no room for what an error message says. */
function shortened(allowed: string): string {
  return allowed
    .replace(/^a whole number of seconds \(.*\), from (.*)$/, '$1; counted in seconds, in `_MS` names in ms')
    .replace(/^(?:a whole number from|one of|a secret of) /, '')
    .replace(/; or \w+_FILE$/, '; or `_FILE`');
}
