import { Injectable } from '@nestjs/common';
import { logLevels, Operation, type Call, type LogLevel } from '#call';
import { GatehouseError, InvalidInput, NotFound } from '#errors';
import { requireMay } from '#rbac';
import { Method } from '../declare/method.decorator.ts';
import { Catalogue } from '../offer/catalogue.ts';
import { MOST_URI_CHARACTERS } from '../offer/uri-template.ts';
import { StreamWatch } from '../listen/stream-watch.ts';
import type { LiveSession } from '../session/live-session.ts';
import { SessionNotFound, Sessions } from '../session/sessions.ts';
import type { Params } from '../wire/message.ts';
import type { ProtocolRequest, ProtocolResult } from './protocol-request.ts';

const NO_RESOURCE = 'Resource not found';

/** Of one session. */
const MOST_SUBSCRIPTIONS = 100;

/** What only a client of 2025 does: it has a session. */
@Injectable()
export class SessionMethods {
  constructor(
    private readonly sessions: Sessions,
    private readonly catalogue: Catalogue,
    private readonly watched: StreamWatch,
  ) {}

  @Method({ method: 'logging/setLevel', era: 'legacy' })
  @Operation({ name: 'mcp.logging.level', permission: 'mcp:use' })
  async setLevel({ params, session }: ProtocolRequest): Promise<ProtocolResult> {
    const level = params['level'] as LogLevel;
    if (!logLevels.includes(level)) {
      const fault = { path: '/level', message: `must be one of ${logLevels.join(', ')}` };
      throw new InvalidInput('There is no such level', [fault]);
    }
    // Without a session, each request stands for itself: nothing is logged to it.
    if (session) await this.sessions.change(session, { logLevel: level });
    return {};
  }

  @Method({ method: 'resources/subscribe', era: 'legacy', capability: 'resources' })
  @Operation({ name: 'mcp.resources.subscribe', permission: 'mcp:use' })
  async subscribe(request: ProtocolRequest, call: Call): Promise<ProtocolResult> {
    const session = required(request.session);
    const uri = uriIn(request.params);
    const offered = this.catalogue.resourceAt(uri)?.offered;
    if (!offered) throw new NotFound(NO_RESOURCE);
    const { operation } = offered.handler;
    call.target = offered.options.uri ?? offered.options.uriTemplate;
    requireMay(call.principal, operation, NO_RESOURCE);
    const { subscriptions } = session.state;
    if (subscriptions.includes(uri)) return {};
    if (subscriptions.length >= MOST_SUBSCRIPTIONS)
      throw new GatehouseError('CONFLICT', `A session has ${MOST_SUBSCRIPTIONS} subscriptions at most`);
    await this.sessions.change(session, { subscriptions: [...subscriptions, uri] });
    return {};
  }

  @Method({ method: 'resources/unsubscribe', era: 'legacy', capability: 'resources' })
  @Operation({ name: 'mcp.resources.unsubscribe', permission: 'mcp:use' })
  async unsubscribe(request: ProtocolRequest): Promise<ProtocolResult> {
    const session = required(request.session);
    const uri = uriIn(request.params);
    const subscriptions = session.state.subscriptions.filter((one) => one !== uri);
    await this.sessions.change(session, { subscriptions });
    return {};
  }

  /** The answer to what a tool has asked. */
  @Operation({ name: 'mcp.answer', permission: 'mcp:use' })
  answer({ session, params }: ProtocolRequest): void {
    required(session).answer(params);
  }

  /** GET: the stream of what belongs to no request, or the rest of one that broke off (`Last-Event-ID`). */
  @Operation({ name: 'mcp.session.listen', permission: 'mcp:use' })
  async listen({ session, exchange }: ProtocolRequest, call: Call): Promise<void> {
    const { streams } = required(session);
    const outlet = exchange.openStream?.();
    if (!outlet) throw new GatehouseError('METHOD_NOT_ALLOWED', 'This door has no streams');
    const lastEventId = exchange.header?.('last-event-id');
    if (lastEventId === undefined || !streams.resume(lastEventId, outlet)) streams.listen(outlet);
    const unwatch = this.watched.watch({ call, exchange, end: () => outlet.end() });
    await outlet.closed;
    unwatch();
  }

  /** DELETE. */
  @Operation({ name: 'mcp.session.end', permission: 'mcp:use' })
  async end({ session }: ProtocolRequest): Promise<void> {
    await this.sessions.close(required(session));
  }
}

function required(session: LiveSession | undefined): LiveSession {
  if (!session) throw new SessionNotFound();
  return session;
}

function uriIn({ uri }: Params): string {
  if (typeof uri === 'string' && uri.length <= MOST_URI_CHARACTERS) return uri;
  const message = `must be a text of ${MOST_URI_CHARACTERS} characters at most`;
  throw new InvalidInput(`uri ${message}`, [{ path: '/uri', message }]);
}
