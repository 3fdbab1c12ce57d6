import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import preflights from '@fastify/cors';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Logger } from 'nestjs-pino';
import { AdaptiveLimits } from '#adaptive';
import { AuditTrail, ChainWatch } from '#audit';
import { BlockGate, Blocks } from '#blocking';
import { Settlement } from '#call';
import { readConfig, type ConfigOf } from '#config';
import type { ConnectionCaps } from '#connections';
import { Readiness } from '#health';
import { FirstKey } from '#identity';
import { Dispatcher } from '#mcp';
import { isProduction } from '#secrets';
import { Metrics, telemetryConfig } from '#telemetry';
import { throttleConfig, type ThrottleSettings } from '#throttle';
import {
  boundServer,
  CertificateEvidence,
  CorsHeaders,
  Doorstep,
  EXPOSED_HEADERS,
  GatehouseAdapter,
  httpConfig,
  HttpsRedirect,
  ManagementListener,
  OriginPolicy,
  ProtectedResourceMetadata,
  registerHttpDoor,
  registerFormBody,
  registerJsonBody,
  securityHeaders,
  registerStreamableHttp,
  tlsConfig,
  TlsContexts,
  type HttpDoor,
} from '#transport';
import { OpenApiDocument } from './docs/open-api-document.ts';
import { BootLogger } from './boot-logger.ts';
import { drain } from './drain.ts';
import { GatewayModule, type GatewayOptions } from './gateway.module.ts';
import { LastingDoors } from './lasting-doors.ts';
import { measure } from './measure.ts';
import { capsOf } from './socket-doors.ts';
import { withSettings, type Settled } from './with-settings.ts';

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
  /** Of the doors where a connection lasts, unless they are turned off. */
  readonly webSocketPort: number | undefined;
  readonly tcpPort: number | undefined;
  /** Says that it leaves, stops listening, finishes what runs, and makes the last records safe. */
  close(): Promise<void>;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  return withSettings(options, start);
}

type StartOptions = GatewayOptions & Settled;

async function start(options: StartOptions): Promise<Gateway> {
  const config = readConfig(httpConfig, options.env);
  const tls = await TlsContexts.open(readConfig(tlsConfig, options.env), config);
  const adapter = new GatehouseAdapter(config, tls);
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.register(options, tls),
    adapter,
    {
      bodyParser: false,
      logger: new BootLogger(readConfig(telemetryConfig, options.env).logLevel),
      abortOnError: false,
    },
  );
  const management = app.get(ManagementListener);
  const fastify: FastifyInstance = adapter.getInstance();
  let doors: Doors;
  let url: string;
  try {
    adapter.doorstep = app.get(Doorstep);
    doors = openDoors(fastify, app, config);
    measure(app, config);
    await app.get(AuditTrail).serverStarted({ node: process.version });
    await app.init();
    app.useLogger(app.get(Logger));
    warnOf(app.get(Logger), options);
    app.get(OpenApiDocument).describe(app);
    await app.listen(config.port, config.host);
    const { port } = fastify.server.address() as { port: number };
    url = urlOf(config.host, port, tls);
    app.get(ProtectedResourceMetadata).listensAt(url);
    if (config.managementPort !== 0) await management.listen(fastify, config);
    await doors.lasting.listen();
    await app.get(HttpsRedirect).listen({ securePort: port, blocks: app.get(BlockGate), ...doors.shared });
    await app.get(FirstKey).ensure();
    app.get(ChainWatch).start();
  } catch (error) {
    await app.close();
    throw error;
  }
  const { http, lasting } = doors;
  return {
    app,
    url,
    webSocketPort: lasting.webSocketPort,
    tcpPort: lasting.tcpPort,
    managementUrl: management.port === undefined ? undefined : urlOf(config.host, management.port, tls),
    async close() {
      // First told, then done: no balancer sends a request to a door that has just been shut.
      app.get(Readiness).leave();
      http.leave();
      if (config.shutdownDelayMs > 0) await sleep(config.shutdownDelayMs);
      lasting.shut();
      const closed = Promise.all([management.close(), app.close()]);
      await Promise.all([drain(http, config.requestTimeoutMs + DEADLINE_GRACE_MS), lasting.close()]);
      // What is left open is idle, or hangs beyond its time.
      fastify.server.closeAllConnections();
      tls.cut(fastify.server);
      management.closeAllConnections();
      await closed;
    },
  };
}

/** What holds at every door. */
interface Shared {
  readonly caps: ConnectionCaps;
  readonly origins: OriginPolicy;
  readonly cors: CorsHeaders;
}

interface Doors {
  readonly shared: Shared;
  readonly http: HttpDoor;
  readonly lasting: LastingDoors;
}

function openDoors(
  fastify: FastifyInstance,
  app: NestFastifyApplication,
  config: ConfigOf<typeof httpConfig>,
): Doors {
  const blocks = app.get(BlockGate);
  const origins = new OriginPolicy({ allowed: ownOriginBeside(config), host: config.host });
  const caps = capsOf(app, config);
  const cors = new CorsHeaders(config.corsEnabled ? config.corsAllowedOrigins : []);
  const shared = { caps, origins, cors };
  const http = registerHttpDoor(fastify, {
    settlement: app.get(Settlement),
    blocks,
    limits: app.get<ThrottleSettings>(throttleConfig.KEY),
    origins,
    certificates: app.get(CertificateEvidence),
    metadata: app.get(ProtectedResourceMetadata),
    cors,
    headers: config.securityHeaders ? securityHeaders : {},
    timeoutMs: config.requestTimeoutMs,
    isManagement: app.get(ManagementListener).owns,
  });
  // Everybody comes through those.
  app.get(Blocks).exempt(config.trustedProxies);
  app.get(Doorstep).guard(fastify.server, blocks, caps);
  boundServer(fastify.server, config);
  app.get(Metrics).watch('http', fastify.server);
  app.get(AdaptiveLimits).watch(fastify.server);
  registerJsonBody(fastify);
  registerFormBody(fastify);
  if (config.corsEnabled) {
    // Not awaited: that would make Fastify ready before Nest has told it how errors are answered.
    void fastify.register(preflights, {
      origin: [...config.corsAllowedOrigins],
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'DELETE'],
      exposedHeaders: [...EXPOSED_HEADERS],
      maxAge: 3600,
    });
  }
  registerStreamableHttp(fastify, app.get(Dispatcher), {
    maxRequestBytes: config.maxRequestBytes,
    settlement: app.get(Settlement),
    // A socket that is silent for twice that time is closed.
    keepAliveMs: Math.min(LONGEST_SILENCE_MS, config.requestTimeoutMs),
  });
  const drainMs = config.requestTimeoutMs + DEADLINE_GRACE_MS;
  const lasting = new LastingDoors({ app, config, tls: app.get(TlsContexts), ...shared, drainMs });
  lasting.serve(fastify.server);
  // Before the journal closes.
  fastify.addHook('onClose', () => lasting.close());
  return { shared, http, lasting };
}

/** One line: a list that is long is read once, and then no more. */
function warnOf(logger: Logger, { env, warnings }: StartOptions): void {
  if (warnings.length === 0) return;
  const about = isProduction(env) ? 'The settings allow what they should not' : 'Not fit for production';
  logger.warn(`${about}: ${warnings.join('; ')}`, 'Secrets');
}

/** The pages on which people log in are our own, under whatever name they reach us. */
function ownOriginBeside({ corsAllowedOrigins, publicUrl }: ConfigOf<typeof httpConfig>): string[] {
  return [...corsAllowedOrigins, ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])];
}

function urlOf(host: string, port: number, { enabled }: TlsContexts): string {
  return `${enabled ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
