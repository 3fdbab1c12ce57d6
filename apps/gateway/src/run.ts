import { Logger } from '@nestjs/common';
import { readConfig } from '#config';
import { httpConfig } from '#transport';
import { explainStartError } from './explain-start-error.ts';
import { UncaughtFaults } from './uncaught-faults.ts';
import { startGateway, type Gateway } from './gateway.ts';
import type { GatewayOptions } from './gateway.module.ts';
import { RESTART_EXIT_CODE, Restarts } from './restart/restarts.ts';

/** EX_SOFTWARE of sysexits.h: it has met a defect of its own, and is to be started again. */
export const FAULT_EXIT_CODE = 70;
/** Beside the time that a call in flight may take: for the journal and the database. A process that hangs helps nobody. */
const LAST_WORDS_MS = 25_000;

let stopping = false;

/** The gateway as a process: from its first line to its exit code. */
export async function run(options: GatewayOptions): Promise<void> {
  // Listened to from the first: a start that is told to end does so in good order, once it has come up. A second signal ends it at once.
  const told = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  try {
    const gateway = await startGateway(options);
    watchFaults(gateway);
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
}

function watchFaults(gateway: Gateway): void {
  const faults = gateway.app.get(UncaughtFaults);
  process.on('unhandledRejection', (reason) => faults.rejected(reason));
  process.on('uncaughtException', (error) => {
    faults.thrown(error);
    void stop(gateway, FAULT_EXIT_CODE);
  });
}

/** Whatever goes wrong on the way out, it ends. */
async function stop(gateway: Gateway, exitCode = 0): Promise<void> {
  if (stopping) return;
  stopping = true;
  const { shutdownDelayMs, requestTimeoutMs } = readConfig(httpConfig);
  setTimeout(() => process.exit(1), shutdownDelayMs + requestTimeoutMs + LAST_WORDS_MS).unref();
  try {
    await gateway.close();
  } catch (error) {
    new Logger('gatehouse').error(error);
    process.exit(1);
  }
  process.exit(exitCode);
}
