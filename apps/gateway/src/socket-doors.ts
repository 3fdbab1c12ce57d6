import type { INestApplicationContext } from '@nestjs/common';
import { AuditTrail } from '#audit';
import { AddressList, BlockGate } from '#blocking';
import { Settlement } from '#call';
import type { ConfigOf } from '#config';
import { ConnectionCaps, Connections, connectionsConfig, TurnedAway } from '#connections';
import { DoorTokens } from '#identity';
import { ConnectionSessions, Dispatcher, StreamWatch } from '#mcp';
import { Metrics } from '#telemetry';
import { throttleConfig, type ThrottleSettings } from '#throttle';
import {
  CertificateEvidence,
  Doorstep,
  Handshakes,
  OriginPolicy,
  type CorsHeaders,
  ProtectedResourceMetadata,
  securityHeaders,
  SocketDoor,
  socketsConfig,
  TcpDoor,
  upgradeAddress,
  WebSocketDoor,
  type httpConfig,
} from '#transport';

export type HttpSettings = ConfigOf<typeof httpConfig>;
export type ConnectionLimits = ConfigOf<typeof connectionsConfig>;

/** What the doors share where a connection lasts. */
export function socketDoorOf(
  app: INestApplicationContext,
  config: HttpSettings,
  { idleMs }: { idleMs: number },
): SocketDoor {
  const services = {
    dispatcher: app.get(Dispatcher),
    settlement: app.get(Settlement),
    blocks: app.get(BlockGate),
    sessions: app.get(ConnectionSessions),
    watch: app.get(StreamWatch),
    handshakes: app.get(Handshakes),
    connections: app.get(Connections),
    audit: app.get(AuditTrail),
  };
  const gauge = app.get(Metrics).concurrentConnections;
  services.connections.watch((door, change) => gauge.labels(door).inc(change));
  return new SocketDoor(services, { timeoutMs: config.requestTimeoutMs, idleMs });
}

export function capsOf(app: INestApplicationContext, config: HttpSettings): ConnectionCaps {
  const proxies = new AddressList().add(config.trustedProxies);
  return new ConnectionCaps({
    ...app.get<ConnectionLimits>(connectionsConfig.KEY),
    total: config.maxConnections,
    isShared: (address) => proxies.has(address),
    turnedAway: app.get(TurnedAway),
  });
}

export interface DoorParts {
  readonly app: INestApplicationContext;
  readonly config: HttpSettings;
  readonly door: SocketDoor;
  readonly caps: ConnectionCaps;
  readonly origins: OriginPolicy;
  readonly cors: CorsHeaders;
}

export function webSocketDoorOf({ app, config, door, caps, origins, cors }: DoorParts): WebSocketDoor {
  const { wsAuthenticates, wsCompresses } = app.get<ConfigOf<typeof socketsConfig>>(socketsConfig.KEY);
  const proxies = new AddressList().add(config.trustedProxies);
  return new WebSocketDoor({
    door,
    caps,
    origins,
    cors,
    tokens: app.get(DoorTokens),
    certificates: app.get(CertificateEvidence),
    metadata: app.get(ProtectedResourceMetadata),
    limits: app.get<ThrottleSettings>(throttleConfig.KEY),
    headers: config.securityHeaders ? securityHeaders : {},
    maxMessageBytes: config.maxRequestBytes,
    authenticates: wsAuthenticates,
    compresses: wsCompresses,
    addressOf: (request) => upgradeAddress(request, (address) => proxies.has(address)),
  });
}

export function tcpDoorOf({ app, config, door, caps }: DoorParts): TcpDoor {
  const { tcp: mostSockets } = app.get<ConnectionLimits>(connectionsConfig.KEY);
  const maxMessageBytes = config.maxRequestBytes;
  const [tokens, certificates] = [app.get(DoorTokens), app.get(CertificateEvidence)];
  const doorstep = app.get(Doorstep);
  return new TcpDoor({ door, caps, doorstep, tokens, certificates, maxMessageBytes, mostSockets });
}
