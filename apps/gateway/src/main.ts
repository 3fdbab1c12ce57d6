import { Logger } from '@nestjs/common';
import { readConfig } from '#config';
import { httpConfig } from '#transport';
import { explainStartError } from './explain-start-error.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { RESTART_EXIT_CODE, Restarts } from './restart/restarts.ts';

/** Beside the time that a call in flight may take: for the journal and the database. A process that hangs helps nobody. */
const LAST_WORDS_MS = 25_000;

let stopping = false;
/** Listened to from the first: a start that is told to end does so in good order, once it has come up. A second signal ends it at once. */
const told = new Promise<void>((resolve) => {
  process.once('SIGTERM', resolve);
  process.once('SIGINT', resolve);
});

try {
  const gateway = await startGateway({ env: process.env });
  const log = new Logger('gatehouse');
  log.log(`API on ${gateway.url}: REST, MCP at /mcp, documentation at /docs`);
  if (gateway.managementUrl) log.log(`management on ${gateway.managementUrl}: /metrics, /health/details`);
  if (gateway.webSocketPort) log.log(`WebSocket on port ${gateway.webSocketPort}, and at /ws of the API`);
  if (gateway.tcpPort) log.log(`TCP on port ${gateway.tcpPort}: one message of MCP a line`);
  gateway.app.get(Restarts).endBy(() => void stop(gateway, RESTART_EXIT_CODE));
  void told.then(() => stop(gateway));
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exit(1);
}

async function stop(gateway: Gateway, exitCode = 0): Promise<void> {
  if (stopping) return;
  stopping = true;
  const { shutdownDelayMs, requestTimeoutMs } = readConfig(httpConfig);
  setTimeout(() => process.exit(1), shutdownDelayMs + requestTimeoutMs + LAST_WORDS_MS).unref();
  await gateway.close();
  process.exit(exitCode);
}
