import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { ready } from './ready.ts';

const START_MS = 60_000;
const STEP_MS = 100;
const folder = fileURLToPath(new URL('../peers', import.meta.url));

const port = Number(process.env['BENCH_PORT']);
const BRIDGED = 'node stdio-server.mjs';
const commands: Readonly<Record<string, string[]>> = {
  'mcp-nest': words(`mcp-nest.mjs ${port}`),
  'mcp-proxy': words(
    `node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs --host 127.0.0.1 --port ${port} --server stream -- ${BRIDGED}`,
  ),
  supergateway: [
    ...words(`node_modules/supergateway/dist/index.js --port ${port} --logLevel none --stateful`),
    ...words('--outputTransport streamableHttp --stdio'),
    BRIDGED,
  ],
};

// A group of its own, so that what the bridge has started ends with it.
const peer = spawn(process.execPath, commands[process.env['BENCH_PEER']!]!, {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'inherit'],
  detached: true,
});
process.once('exit', () => {
  if (peer.pid !== undefined && peer.exitCode === null) process.kill(-peer.pid, 'SIGKILL');
});
process.once('SIGTERM', () => process.exit(0));
peer.once('exit', () => process.exit(1));

const until = performance.now() + START_MS;
while (!(await listens())) {
  if (performance.now() > until) throw new Error('The peer does not listen');
  await sleep(STEP_MS);
}
ready({ port });

function listens(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function words(text: string): string[] {
  return text.split(' ');
}
