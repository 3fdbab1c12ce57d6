import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The revisions that the suite has requirements for, newest first. */
export const suiteRevisions = ['2026-07-28', '2025-11-25'];

export interface Scenario {
  readonly name: string;
  /** Counts toward conformance; the others are run and reported. */
  readonly required: boolean;
  /** One of the tasks extension: not of the revision, and promised here all the same. */
  readonly ofTasks: boolean;
  readonly passed: boolean;
  readonly faults: readonly string[];
}

export interface SuiteRun {
  readonly revision: string;
  readonly scenarios: readonly Scenario[];
}

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

export interface SuiteOptions {
  url: string;
  revision: string;
  /** Only this one. */
  scenario?: string | undefined;
  verbose?: boolean | undefined;
}

export const SUITE = suiteFolder();
const TIME_LIMIT_MS = 600_000;

/** Runs the official suite against a server, in a process of its own. */
export async function runSuite({ url, revision, scenario, verbose }: SuiteOptions): Promise<SuiteRun> {
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'));
  try {
    const which = scenario
      ? // By force: a scenario of an extension belongs to no revision.
        ['--scenario', scenario, '--spec-version', revision, '--force']
      : ['--requirements', revision];
    const child = spawn(
      process.execPath,
      [join(SUITE, 'dist/index.js'), 'server', '--url', url, ...which, '-o', output],
      { stdio: ['ignore', verbose ? 'inherit' : 'ignore', 'inherit'], timeout: TIME_LIMIT_MS },
    );
    await once(child, 'exit');
    const required = requiredBy(revision);
    const scenarios = readResults(output, required);
    // What is required and left no result has not passed.
    const missing = scenario
      ? []
      : [...required, ...tasksOf(revision)].filter((name) => !scenarios.some((one) => one.name === name));
    return { revision, scenarios: [...scenarios, ...missing.map(withoutResult)] };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** The scenarios of the tasks extension for a server of a revision: the suite runs them, and does not score them. */
function tasksOf(revision: string): string[] {
  const text = readFileSync(join(SUITE, 'requirements', `${revision}.yaml`), 'utf8');
  return [...text.matchAll(/^ {2}- scenario: (tasks-.+)\n {4}leg: server$/gm)].map(([, name]) => name!);
}

/** It has no main entry. */
function suiteFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json')));
}

/** The scenarios that a server of a revision has to pass: a list in the suite's own file. */
function requiredBy(revision: string): ReadonlySet<string> {
  const text = readFileSync(join(SUITE, 'requirements', `${revision}.yaml`), 'utf8');
  const list = /^server:\n((?: {2}- .+\n)+)/m.exec(text)?.[1];
  if (list === undefined) throw new Error(`The suite names no required scenarios for ${revision}`);
  return new Set(
    list
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^ {2}- /, '')),
  );
}

export function readResults(folder: string, required: ReadonlySet<string>): Scenario[] {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return found
    .filter((path) => path.endsWith('checks.json'))
    .map((path) => {
      const name = nameIn(path);
      const checks = JSON.parse(readFileSync(join(folder, path), 'utf8')) as Check[];
      const failed = checks.filter(({ status }) => status === 'FAILURE');
      const warned = checks.filter(({ status }) => status === 'WARNING');
      return {
        name,
        required: required.has(name),
        ofTasks: isOfTasks(name),
        passed: failed.length === 0 && checks.length > 0,
        faults: [...failed, ...warned].map(
          ({ id, status, errorMessage }) => `${status.toLowerCase()} ${id}: ${errorMessage ?? ''}`,
        ),
      };
    });
}

function withoutResult(name: string): Scenario {
  const ofTasks = isOfTasks(name);
  return { name, required: !ofTasks, ofTasks, passed: false, faults: ['it left no result'] };
}

function isOfTasks(name: string): boolean {
  return name.startsWith('tasks-');
}

/** Results of a scenario lie in `server-NAME-TIME/checks.json`, or `authorization-server-NAME-TIME/…`. */
function nameIn(path: string): string {
  const folder = dirname(path);
  return folder.replace(/^(?:authorization-)?server-/, '').replace(/-\d{4}-\d{2}-\d{2}T[\w-]+$/, '');
}
