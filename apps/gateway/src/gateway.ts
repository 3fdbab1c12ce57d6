import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import cors from '@fastify/cors';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Logger } from 'nestjs-pino';
import { AdaptiveLimits } from '#adaptive';
import { AuditTrail } from '#audit';
import { BlockGate, Blocks } from '#blocking';
import { Settlement } from '#call';
import { readAllConfigs, readConfig, type ConfigOf } from '#config';
import { Readiness } from '#health';
import { FirstKey } from '#identity';
import { Dispatcher } from '#mcp';
import { Metrics, telemetryConfig } from '#telemetry';
import { throttleConfig, type ThrottleSettings } from '#throttle';
import {
  boundServer,
  cutBlocked,
  GatehouseAdapter,
  httpConfig,
  ManagementListener,
  OriginPolicy,
  ProtectedResourceMetadata,
  registerHttpDoor,
  registerJsonBody,
  securityHeaders,
  registerStreamableHttp,
  type HttpDoor,
} from '#transport';
import { OpenApiDocument } from './docs/open-api-document.ts';
import { BootLogger } from './boot-logger.ts';
import { GatewayModule, type GatewayOptions } from './gateway.module.ts';

const DRAIN_STEP_MS = 20;
/** Proxies close what is silent for a minute. */
const LONGEST_SILENCE_MS = 15_000;
/** A call whose time is up is still to be told so, and recorded. */
const DEADLINE_GRACE_MS = 2_000;

/** A gateway that listens. */
export interface Gateway {
  readonly app: NestFastifyApplication;
  /** `http://host:port` of the API. */
  readonly url: string;
  /** The same of the management port, unless it is turned off. */
  readonly managementUrl: string | undefined;
  /** Says that it leaves, stops listening, finishes what runs, and makes the last records safe. */
  close(): Promise<void>;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  readAllConfigs(options.env); // All faults of all settings at once, before the first of them is met.
  const config = readConfig(httpConfig, options.env);
  const adapter = new GatehouseAdapter(config);
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.register(options), adapter, {
    bodyParser: false,
    logger: new BootLogger(readConfig(telemetryConfig, options.env).logLevel),
    abortOnError: false,
  });
  const management = app.get(ManagementListener);
  const fastify: FastifyInstance = adapter.getInstance();
  let door: HttpDoor;
  let url: string;
  try {
    door = openDoors(fastify, app, config);
    await app.get(AuditTrail).serverStarted({ node: process.version });
    await app.init();
    app.useLogger(app.get(Logger));
    app.get(OpenApiDocument).describe(app);
    await app.listen(config.port, config.host);
    url = urlOf(config.host, (fastify.server.address() as { port: number }).port);
    app.get(ProtectedResourceMetadata).listensAt(url);
    if (config.managementPort !== 0) await management.listen(fastify, config);
    await app.get(FirstKey).ensure();
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    app,
    url,
    managementUrl: management.port === undefined ? undefined : urlOf(config.host, management.port),
    async close() {
      // First told, then done: no balancer sends a request to a door that has just been shut.
      app.get(Readiness).leave();
      door.leave();
      if (config.shutdownDelayMs > 0) await sleep(config.shutdownDelayMs);
      const closed = Promise.all([management.close(), app.close()]);
      await drain(door, config.requestTimeoutMs + DEADLINE_GRACE_MS);
      // What is left open is idle, or hangs beyond its time.
      fastify.server.closeAllConnections();
      management.closeAllConnections();
      await closed;
    },
  };
}

function openDoors(
  fastify: FastifyInstance,
  app: NestFastifyApplication,
  config: ConfigOf<typeof httpConfig>,
): HttpDoor {
  const blocks = app.get(BlockGate);
  const door = registerHttpDoor(fastify, {
    settlement: app.get(Settlement),
    blocks,
    limits: app.get<ThrottleSettings>(throttleConfig.KEY),
    origins: new OriginPolicy({ allowed: config.corsAllowedOrigins, host: config.host }),
    metadata: app.get(ProtectedResourceMetadata),
    headers: config.securityHeaders ? securityHeaders : {},
    timeoutMs: config.requestTimeoutMs,
    isManagement: app.get(ManagementListener).owns,
  });
  // Everybody comes through those.
  app.get(Blocks).exempt(config.trustedProxies);
  cutBlocked(fastify.server, blocks);
  boundServer(fastify.server, fastify, config);
  app.get(Metrics).watch('http', fastify.server);
  app.get(AdaptiveLimits).watch(fastify.server);
  measure(app);
  registerJsonBody(fastify);
  if (config.corsEnabled) {
    // Not awaited: that would make Fastify ready before Nest has told it how errors are answered.
    void fastify.register(cors, {
      origin: [...config.corsAllowedOrigins],
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'DELETE'],
      maxAge: 3600,
    });
  }
  registerStreamableHttp(fastify, app.get(Dispatcher), {
    maxRequestBytes: config.maxRequestBytes,
    settlement: app.get(Settlement),
    // A socket that is silent for twice that time is closed.
    keepAliveMs: Math.min(LONGEST_SILENCE_MS, config.requestTimeoutMs),
  });
  return door;
}

/** What of blocks and limits Prometheus sees. */
function measure(app: NestFastifyApplication): void {
  const [metrics, blocks, limits] = [app.get(Metrics), app.get(Blocks), app.get(AdaptiveLimits)];
  metrics.follow(
    'blocked_addresses',
    'Addresses, and callers at them, that are blocked here',
    () => blocks.size,
  );
  metrics.follow(
    'limits_factor_anonymous',
    'What is left of the limits of callers without a key; 1 in peace',
    () => limits.factors.strangers,
  );
  metrics.follow(
    'limits_factor_everyone',
    'What is left of the limits of all callers but enterprise; 1 in peace',
    () => limits.factors.everyone,
  );
}

/** Waits until no request is being answered. */
async function drain(door: HttpDoor, limitMs: number): Promise<void> {
  const limit = Date.now() + limitMs;
  do await sleep(DRAIN_STEP_MS);
  while (door.running() > 0 && Date.now() < limit);
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
