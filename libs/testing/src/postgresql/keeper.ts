import { once } from 'node:events';
import { installWithApt } from '../apt.ts';
import { installations } from './installations.ts';
import { startCluster, type Cluster } from './cluster.ts';

// A program: starts a PostgreSQL of its own, writes `{"url"}` or `{"failure"}` as one line, and stops the server when its
// standard input ends. That happens when the test run ends in whatever way, so no server is left behind.
// Started from the source: nothing but Node and erasable types here.

export type KeeperAnswer = { readonly url: string } | { readonly failure: string };

const attempts: string[] = [];

async function start(): Promise<Cluster | undefined> {
  const found = await installations();
  if (found.length === 0) attempts.push('none on the PATH, by pg_config, or in the usual folders');
  for (const installation of found) {
    try {
      return await startCluster(installation);
    } catch (error) {
      attempts.push(`${installation.folder}: ${(error as Error).message}`);
    }
  }
  return undefined;
}

async function startOrInstall(): Promise<Cluster | undefined> {
  const found = await start();
  if (found) return found;
  const refusal = await installWithApt('postgresql');
  if (refusal === undefined) return start();
  attempts.push(refusal);
  return undefined;
}

const stop = once(process.stdin.resume(), 'close');
process.on('SIGINT', () => process.stdin.destroy());
process.on('SIGTERM', () => process.stdin.destroy());

const cluster = await startOrInstall();
const answer: KeeperAnswer = cluster
  ? { url: cluster.url }
  : {
      failure: [
        'These tests need PostgreSQL 15 or later, and none could be started here.',
        ...attempts.map((attempt) => `  - ${attempt}`),
        'Install it (its binaries are found on the PATH), or set TEST_DATABASE_URL to a server, by a user with a password who may create databases and roles.',
      ].join('\n'),
    };
process.stdout.write(`${JSON.stringify(answer)}\n`);
await stop;
await cluster?.stop();
