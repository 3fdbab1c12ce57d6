import type { Command } from 'commander';
import { readConfig } from '#config';
import { clientConfig } from '#identity';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { exitCodes } from './command-error.ts';
import { ConversationSender } from './ingest/conversation-sender.ts';
import { IngestRun, type Summary } from './ingest/ingest-run.ts';
import { IngestState, stateFolder } from './ingest/ingest-state.ts';
import { JsonLines } from './ingest/json-lines.ts';
import { wholeNumber } from './option-values.ts';
import { print } from './print.ts';
import { progressBar } from './progress-bar.ts';
import { reporting } from './reporting.ts';

interface IngestOptions extends ClientOptions {
  concurrency: number;
  restart?: true;
  json?: true;
}

/** What shells say of a program that Ctrl-C has ended. */
const INTERRUPTED = 130;
const BAR = '{bar} {value}/{total} | {failed} failed | {eta_formatted}{note}';

/** `gatehouse ingest`: conversations from a file into the knowledge base, through the gateway. */
export function registerIngest(program: Command): void {
  withClientOptions(program.command('ingest <file>'))
    .description(
      'ingest conversations from a file of JSON lines; one that was cut off goes on where it stopped',
    )
    .option('--concurrency <n>', 'how many to send at a time', wholeNumber(1, 64), 4)
    .option('--restart', 'send all lines again, also those that the gateway has taken')
    .option('--json', 'print the summary as JSON')
    .action(reporting(ingest));
}

async function ingest(file: string, options: IngestOptions): Promise<void> {
  const client = new ApiClient(options);
  const lines = await JsonLines.open(file);
  const state = IngestState.open(stateFolder(), [lines.digest, options.url ?? readConfig(clientConfig).url]);
  if (options.restart) state.forget();

  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const bar = progressBar(lines.count, BAR, { failed: 0, note: '' });
  const onWait = (seconds: number): void =>
    bar?.update({ note: ` | the gateway asks to wait for ${seconds} s` });
  const onProgress = ({ left, failed }: Summary): void =>
    bar?.update(lines.count - left, { failed, note: '' });
  const run = new IngestRun(lines, state, new ConversationSender(client, stop.signal, onWait));
  try {
    await run.work({ concurrency: options.concurrency, signal: stop.signal, onProgress });
  } finally {
    bar?.stop();
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
    report(run.summary, options);
  }
  if (run.summary.left === 0 && run.summary.failed === 0) state.forget();
  if (stop.signal.aborted) process.exitCode = INTERRUPTED;
  else if (run.summary.failed > 0) process.exitCode = exitCodes.refused;
}

function report(summary: Summary, options: IngestOptions): void {
  const { lines, ingested, skipped, failed, left, chunks, seconds, failures } = summary;
  for (const { line, error } of failures) process.stderr.write(`line ${line}: ${error}\n`);
  if (failed > failures.length) process.stderr.write(`… and ${failed - failures.length} more\n`);
  const parts = [
    `${ingested} of ${lines} conversations ingested in ${seconds} s, ${chunks} chunks`,
    ...(skipped > 0 ? [`${skipped} were there from the run before`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(left > 0 ? [`${left} are left: the same command goes on with them`] : []),
  ];
  print(options, summary, `${parts.join('; ')}\n`);
}
