import 'reflect-metadata';
import { userInfo } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { AuditTrail } from '#audit';
import { readConfig } from '#config';
import { DoorTokens } from '#identity';
import { telemetryConfig } from '#telemetry';
import {
  GatehouseAdapter,
  httpConfig,
  serveStdio,
  tlsConfig,
  TlsContexts,
  type SocketDoor,
} from '#transport';
import { BootLogger } from './boot-logger.ts';
import { GatewayModule, type GatewayOptions } from './gateway.module.ts';
import { socketDoorOf } from './socket-doors.ts';
import { withSettings, type Settled } from './with-settings.ts';

export interface StdioProgramOptions extends GatewayOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** The API key of whoever calls; without one, it is whoever has started the process. */
  readonly key: string | undefined;
  /** Called with what ends it before its input does. */
  readonly stoppable?: (stop: () => void) => void;
}

/**
 * The whole program for one client on this machine: the same stores, the same pipeline, the same trail, and no port.
 * Resolves when the input has ended and all that was asked is answered.
 */
export async function serveOverStdio(options: StdioProgramOptions): Promise<void> {
  return withSettings(options, serve);
}

async function serve({ input, output, key, stoppable, ...options }: StdioProgramOptions & Settled) {
  const config = readConfig(httpConfig, options.env);
  const logTo = process.stderr;
  const tls = TlsContexts.none(readConfig(tlsConfig, options.env));
  const app = await NestFactory.create<NestFastifyApplication>(
    GatewayModule.register({ ...options, logTo }, tls),
    new GatehouseAdapter(config, tls),
    {
      bodyParser: false,
      logger: new BootLogger(readConfig(telemetryConfig, options.env).logLevel, logTo),
      abortOnError: false,
    },
  );
  let door: SocketDoor | undefined;
  try {
    await app.get(AuditTrail).serverStarted({ node: process.version, door: 'stdio' });
    await app.init();
    app.useLogger(app.get(Logger));
    const credential = key ?? app.get(DoorTokens).issue('stdio', owner());
    // A client that has nothing to ask for a while is still there: its process is.
    door = socketDoorOf(app, config, { idleMs: Infinity });
    stoppable?.(door.shut.bind(door));
    const authorization = `Bearer ${credential}`;
    await serveStdio(door, { input, output, authorization, maxMessageBytes: config.maxRequestBytes });
  } finally {
    await door?.close();
    await app.close();
  }
}

/**
 * Whoever may open the stores could do anything to them. The one who asks, though, is mostly an agent, so it gets what an
 * employee may, and no more: whoever wants more gives it a key.
 */
function owner() {
  const { username } = userInfo();
  return { id: `local:${username}`, name: username, role: 'employee' } as const;
}
