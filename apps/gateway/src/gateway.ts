import 'reflect-metadata';
import cors from '@fastify/cors';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Logger } from 'nestjs-pino';
import { AuditTrail } from '#audit';
import { Settlement } from '#call';
import { readConfig, type ConfigOf } from '#config';
import { Dispatcher } from '#mcp';
import { throttleConfig, type ThrottleSettings } from '#throttle';
import {
  GatehouseAdapter,
  httpConfig,
  ManagementListener,
  OriginPolicy,
  registerHttpDoor,
  registerJsonBody,
  registerSecurityHeaders,
  registerStreamableHttp,
} from '#transport';
import { OpenApiDocument } from './docs/open-api-document.ts';
import { GatewayModule, type GatewayOptions } from './gateway.module.ts';

/** A gateway that listens. */
export interface Gateway {
  readonly app: NestFastifyApplication;
  /** `http://host:port` of the API. */
  readonly url: string;
  /** The same of the management port, unless it is turned off. */
  readonly managementUrl: string | undefined;
  /** Stops listening, finishes what runs, and makes the last records safe. */
  close(): Promise<void>;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const config = readConfig(httpConfig, options.env);
  const adapter = new GatehouseAdapter(config);
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.register(options), adapter, {
    bodyParser: false,
    // Nest's own account of its modules and routes is no news, and what stops the boot is told once, by the caller.
    logger: false,
    abortOnError: false,
  });
  const management = app.get(ManagementListener);
  const fastify: FastifyInstance = adapter.getInstance();
  try {
    await openDoors(fastify, app, config);
    await app.get(AuditTrail).serverStarted({ node: process.version });
    await app.init();
    app.useLogger(app.get(Logger));
    app.get(OpenApiDocument).describe(app);
    await app.listen(config.port, config.host);
    if (config.managementPort !== 0) {
      await management.listen(fastify, { host: config.host, port: config.managementPort });
    }
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    app,
    url: urlOf(config.host, (fastify.server.address() as { port: number }).port),
    managementUrl: management.port === undefined ? undefined : urlOf(config.host, management.port),
    async close() {
      await management.close();
      await app.close();
    },
  };
}

async function openDoors(
  fastify: FastifyInstance,
  app: NestFastifyApplication,
  config: ConfigOf<typeof httpConfig>,
): Promise<void> {
  registerHttpDoor(fastify, {
    settlement: app.get(Settlement),
    limits: app.get<ThrottleSettings>(throttleConfig.KEY),
    origins: new OriginPolicy({ allowed: config.corsAllowedOrigins, host: config.host }),
    timeoutMs: config.requestTimeoutMs,
    isManagement: app.get(ManagementListener).owns,
  });
  fastify.server.maxConnections = config.maxConnections;
  registerJsonBody(fastify);
  if (config.securityHeaders) await registerSecurityHeaders(fastify);
  if (config.corsEnabled) {
    await fastify.register(cors, {
      origin: [...config.corsAllowedOrigins],
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'DELETE'],
      maxAge: 3600,
    });
  }
  registerStreamableHttp(fastify, app.get(Dispatcher), { maxRequestBytes: config.maxRequestBytes });
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
