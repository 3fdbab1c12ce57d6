import { Logger } from '@nestjs/common';
import { explainStartError } from './explain-start-error.ts';
import { startGateway, type Gateway } from './gateway.ts';

/** A call may take its whole time-out to finish; after that, a process that hangs helps nobody. */
const SHUTDOWN_LIMIT_MS = 35_000;

try {
  const gateway = await startGateway({ env: process.env });
  const log = new Logger('gatehouse');
  log.log(`API on ${gateway.url}: REST, MCP at /mcp, documentation at /docs`);
  if (gateway.managementUrl) log.log(`management on ${gateway.managementUrl}: /metrics, /health/details`);
  process.once('SIGTERM', () => void stop(gateway));
  process.once('SIGINT', () => void stop(gateway));
} catch (error) {
  process.stderr.write(`${explainStartError(error)}\n`);
  process.exit(1);
}

async function stop(gateway: Gateway): Promise<void> {
  setTimeout(() => process.exit(1), SHUTDOWN_LIMIT_MS).unref();
  await gateway.close();
  process.exit(0);
}
