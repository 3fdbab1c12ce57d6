import { Logger } from '@nestjs/common';
import type { Command } from 'commander';
import type { Diagnosis } from './doctor/examination.ts';
import type { Status } from './doctor/check.ts';
import { exitCodesHelp } from './exit-codes-help.ts';

/** What scripts read. */
const WARNED = 1;
const FAILED = 2;

interface DoctorFlags {
  json?: true;
  strict?: true;
}

/** `gatehouse doctor`: the checklist for production, looked at by a program. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the settings, the stores and the running gateway against what production asks')
    .option('--json', 'print JSON')
    .option('--strict', 'exit with 1 where something is only warned of')
    .addHelpText(
      'after',
      exitCodesHelp({
        0: 'nothing fails',
        [WARNED]: 'something is only warned of, with --strict',
        [FAILED]: 'something fails',
      }),
    )
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await consult(flags);
    });
}

async function consult({ json, strict }: DoctorFlags): Promise<number> {
  Logger.overrideLogger(false); // What a connection has to say stands in the findings.
  const { Site, examine, worst, checks } = await equipment();
  await using site = await Site.at();
  const diagnoses = await examine(site, checks, (diagnosis) => {
    if (!json) process.stdout.write(describe(diagnosis));
  });
  const status = worst(diagnoses);
  process.stdout.write(
    json ? `${JSON.stringify({ status, checks: diagnoses }, null, 2)}\n` : `\n${summary(diagnoses)}\n`,
  );
  return codeOf(status, strict);
}

/** Loaded by this command alone. Beside an `await using` the compiler would leave these imports as they are. */
async function equipment() {
  await import('../../gateway/src/gateway.module.ts'); // each lib declares its settings
  const { Site } = await import('./doctor/site.ts');
  const { examine, worst } = await import('./doctor/examination.ts');
  const { checks } = await import('./doctor/checks.ts');
  return { Site, examine, worst, checks };
}

function codeOf(status: Status, strict: true | undefined): number {
  if (status === 'fail') return FAILED;
  return status === 'warn' && strict ? WARNED : 0;
}

function describe({ check, status, findings, read }: Diagnosis): string {
  const [first, ...others] = findings.map((finding) =>
    finding.status === status ? finding.text : `(${finding.status}) ${finding.text}`,
  );
  const lines = [`${status.toUpperCase().padEnd(4)}  ${check.padEnd(14)}  ${first}`];
  const margin = ' '.repeat(22);
  lines.push(...others.map((text) => margin + text));
  if (status !== 'pass') lines.push(`${margin}→ ${read}`);
  return `${lines.join('\n')}\n`;
}

function summary(diagnoses: readonly Diagnosis[]): string {
  const count = (status: Status): number => diagnoses.filter((each) => each.status === status).length;
  return `${count('pass')} passed, ${count('warn')} warned, ${count('fail')} failed`;
}
