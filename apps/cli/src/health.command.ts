import type { Command } from 'commander';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { usualExits } from './exit-codes-help.ts';
import { reporting } from './reporting.ts';
import { terminalSafe, tinted } from './terminal.ts';

/** What scripts and probes go by. */
const exits = { healthy: 0, degraded: 1, down: 2 } as const;
type State = keyof typeof exits;

interface Part {
  status: string;
  [detail: string]: unknown;
}

interface Finding {
  status: State;
  parts: Record<string, Part>;
  /** Why it counts as down, where no part says so. */
  reason?: string;
}

/** A part in one of these does what it is there for; `memory` and `disabled` are choices of who has set it up. */
const WELL = new Set(['up', 'ok', 'memory', 'disabled']);

/** `gatehouse health`: whether a gateway works, and which part of it does not. */
export function registerHealth(program: Command): void {
  const command = program
    .command('health')
    .description('say whether a gateway works, and which part of it does not')
    .option('--json', 'print JSON');
  withClientOptions(command, 'management', {
    0: 'healthy: every part works',
    1: 'degraded: calls are served, and a part is missing',
    2: 'down: calls are not served, or nobody answers; or the command line is wrong',
    4: usualExits[4]!,
  }).action(reporting(check));
}

async function check({ json, ...options }: ClientOptions & { json?: true }): Promise<void> {
  const finding = await find(ApiClient.ofManagement(options));
  process.stdout.write(json ? `${JSON.stringify(finding, null, 2)}\n` : describe(finding));
  process.exitCode = exits[finding.status];
}

async function find(client: ApiClient): Promise<Finding> {
  try {
    const [details, live] = await Promise.all([
      client.send('GET', '/health/details').then(readDetails),
      client.request<{ cache?: Part }>('GET', '/health'),
    ]);
    const parts = { ...details.parts, ...(live.cache && { cache: live.cache }) };
    const allWell = Object.values(parts).every(({ status }) => WELL.has(status));
    const status = !details.serving ? 'down' : allWell ? 'healthy' : 'degraded';
    return { status, parts, ...(details.reason !== undefined && { reason: details.reason }) };
  } catch (error) {
    if (!(error instanceof CommandError) || !isDown(error)) throw error;
    return { status: 'down', parts: {}, reason: error.message };
  }
}

/** That the key may not see it says nothing of how it is: this command then says so, and not that all is lost. */
function isDown({ reason }: CommandError): boolean {
  return reason === 'unreachable' || reason === 'refused';
}

interface Details {
  serving: boolean;
  parts: Record<string, Part>;
  reason?: string;
}

async function readDetails(response: Response): Promise<Details> {
  const body = (await response.json().catch(() => ({}))) as {
    details?: Record<string, unknown>;
    error?: unknown;
  };
  if (response.status === 401 || response.status === 403)
    throw new CommandError(
      'denied',
      typeof body.error === 'string' ? body.error : 'The API key is not accepted',
    );
  if (response.ok) return { serving: true, parts: (body.details ?? {}) as Record<string, Part> };
  // A 503 has all that Terminus found within its details.
  const found = body.details as { details?: Record<string, Part> } | undefined;
  if (found?.details) return { serving: false, parts: found.details };
  // Without a journal not even its own findings leave the gateway: it says that instead.
  return { serving: false, parts: {}, ...(typeof body.error === 'string' && { reason: body.error }) };
}

function describe({ status, parts, reason }: Finding): string {
  const rows = Object.entries(parts).map(([name, { status: how, ...more }]) => {
    const facts = Object.entries(more).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return terminalSafe(`  ${name.padEnd(12)} ${how.padEnd(8)} ${facts.join(' ')}`).trimEnd();
  });
  return [
    tinted(status, status),
    ...rows,
    ...(reason === undefined ? [] : [`  ${terminalSafe(reason)}`]),
    '',
  ].join('\n');
}
