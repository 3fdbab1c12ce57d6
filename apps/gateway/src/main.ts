import { Logger } from '@nestjs/common';
import { readConfig } from '#config';
import { httpConfig } from '#transport';
import { explainStartError } from './explain-start-error.ts';
import { startGateway, type Gateway } from './gateway.ts';

/** Beside the time that a call in flight may take: for the journal and the database. A process that hangs helps nobody. */
const LAST_WORDS_MS = 25_000;

try {
  const gateway = await startGateway({ env: process.env });
  const log = new Logger('gatehouse');
  log.log(`API on ${gateway.url}: REST, MCP at /mcp, documentation at /docs`);
  if (gateway.managementUrl) log.log(`management on ${gateway.managementUrl}: /metrics, /health/details`);
  if (gateway.webSocketPort) log.log(`WebSocket on port ${gateway.webSocketPort}, and at /ws of the API`);
  if (gateway.tcpPort) log.log(`TCP on port ${gateway.tcpPort}: one message of MCP a line`);
  process.once('SIGTERM', () => void stop(gateway));
  process.once('SIGINT', () => void stop(gateway));
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exit(1);
}

async function stop(gateway: Gateway): Promise<void> {
  setTimeout(() => process.exit(1), readConfig(httpConfig).requestTimeoutMs + LAST_WORDS_MS).unref();
  await gateway.close();
  process.exit(0);
}
