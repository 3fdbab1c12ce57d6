import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PersistenceError } from '../persistence-error.ts';
import type { FromWorker } from './worker-messages.ts';

/** Starts the thread and waits until its database is open. Throws a PersistenceError with what PostgreSQL said. */
export async function startPgliteThread(folder: string): Promise<Worker> {
  // .ts from the source (Node strips the types), .js from dist.
  const program = new URL(`./pglite.worker${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(program, { workerData: folder, execArgv: [] });
  const first = await firstWords(thread);
  thread.removeAllListeners('error').removeAllListeners('exit');
  if (first === 'ready') return thread;
  await thread.terminate();
  throw new PersistenceError(`The embedded database in ${folder} can't be opened: ${reasonOf(first)}`);
}

function firstWords(thread: Worker): Promise<FromWorker | Error> {
  return new Promise((resolve) => {
    thread.once('message', resolve);
    thread.once('error', resolve);
    thread.once('exit', () => resolve(new Error('it ended without a word')));
  });
}

function reasonOf(first: FromWorker | Error): string {
  if (first instanceof Error) return first.message;
  return typeof first === 'object' && 'failed' in first ? first.failed : 'it gave no reason';
}
