import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { FromWorker, ToWorker } from './worker-messages.ts';

// Runs in a thread of its own, also straight from the source: nothing but packages, Node and erasable types here.

const ANSWER_CHUNK_BYTES = 256 * 1024;
const complaints: string[] = [];
let panic: string | undefined;

async function start(folder: string): Promise<PGlite> {
  // A process killed while it makes the database must not leave half a one behind: only a whole one gets the name.
  if (!existsSync(join(folder, 'PG_VERSION'))) {
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true, mode: 0o700 });
    await (await open(fresh)).close();
    renameSync(fresh, folder);
  }
  return open(folder);
}

async function open(dataDir: string): Promise<PGlite> {
  return PGlite.create({ dataDir, extensions: { vector }, onStderr: remember });
}

/** PGlite's own error says little; what PostgreSQL wrote before it ended tells more. */
function remember(line: string): boolean {
  if (line.includes('PANIC:')) panic = line;
  if (complaints.push(line) > 20) complaints.shift();
  return false;
}

/** Runs whole protocol messages, and hands the answer over while it comes, so that a long one is not held twice. */
async function run(
  database: PGlite,
  messages: Uint8Array,
  answer: (bytes: Uint8Array) => void,
): Promise<void> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    if (size > 0) answer(joined(parts, size));
    parts = [];
    size = 0;
  };
  await database.execProtocolRawStream(messages, {
    syncToFs: false,
    onRawData: (bytes) => {
      parts.push(bytes.slice()); // A view of the engine's memory, which it writes again at once.
      size += bytes.length;
      if (size >= ANSWER_CHUNK_BYTES) flush();
    },
  });
  flush();
  // A server would restart itself here. PGlite would turn in circles at the next statement.
  if (panic !== undefined) throw new Error(panic);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const ignore = (): void => undefined;

/** What a server does when a connection ends: the next one finds nothing of the last one's session. */
async function endSession(database: PGlite): Promise<void> {
  await run(database, Buffer.from('S\0\0\0\x04', 'latin1'), ignore); // Sync: ends a batch that broke off.
  await run(database, simpleQuery('ROLLBACK'), ignore);
  await run(database, simpleQuery('DISCARD ALL'), ignore);
}

function simpleQuery(text: string): Uint8Array {
  const message = Buffer.alloc(text.length + 6);
  message.write('Q');
  message.writeInt32BE(text.length + 5, 1);
  message.write(text, 5);
  return message;
}

const port = parentPort;
if (port === null) throw new Error('This file is started as a worker');

const say = (message: FromWorker): void =>
  message instanceof Uint8Array
    ? port.postMessage(message, [message.buffer as ArrayBuffer])
    : port.postMessage(message);

try {
  const database = await start(workerData as string);
  const handle = async (message: ToWorker): Promise<void> => {
    if (message instanceof Uint8Array) return run(database, message, say);
    if (message === 'end-session') {
      await endSession(database);
      return say('session-ended');
    }
    await database.close();
    port.close();
  };
  let last = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    last = last.then(() => handle(message));
  });
  say('ready');
} catch (error) {
  const detail = [error instanceof Error ? error.message : String(error), ...complaints].join('\n');
  say({ failed: detail });
}
