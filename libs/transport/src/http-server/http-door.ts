import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BlockGate } from '#blocking';
import { after, allowed, refusedBy, type Call, type Outcome, type Settlement } from '#call';
import { GatehouseError, wire } from '#errors';
import { errorAnswer } from '#mcp';
import { rateLimitHeaders, type ThrottleSettings } from '#throttle';
import { isNoPreflight, type CorsHeaders } from './cors-headers.ts';
import { contained } from '../contained.ts';
import { Deadlines } from '../deadlines.ts';
import { openCall, pathOf } from './http-call.ts';
import { publicError } from './http-error.ts';
import { MALFORMED_URL } from './malformed-url.ts';
import type { CertificateEvidence } from '../tls/certificate-evidence.ts';
import { OriginRefused, type OriginPolicy } from './origin-policy.ts';
import type { ProtectedResourceMetadata } from './protected-resource.ts';
import { errorBody } from './rest-error.filter.ts';
import { ServedMethods } from './served-methods.ts';
import { holdsToken, TokenInUrl } from './token-in-url.ts';

const CALL = Symbol('gatehouse:call');

declare module 'fastify' {
  interface FastifyRequest {
    [CALL]: Call | null;
    /** How the call ended, where it did not end well. */
    outcome: Outcome | undefined;
    /** The handler goes on when the client goes: it will come back for the answer. */
    outlivesConnection: boolean;
    /** An answer is on its way. What comes later, as of a handler whose time was up, is no answer any more. */
    answered: boolean;
  }
  interface FastifyContextConfig {
    /** Served on the management port only. */
    management?: boolean;
    /** Served on both ports. */
    everywhere?: boolean;
    door?: 'rest' | 'mcp';
  }
}

export interface HttpDoorOptions {
  settlement: Settlement;
  /** Who may not even knock. */
  blocks: Pick<BlockGate, 'find' | 'refusalOf' | 'absorbs'>;
  origins: OriginPolicy;
  /** Who may be a client by its certificate; nobody where there is none. */
  certificates?: Pick<CertificateEvidence, 'ofRequest'>;
  /** For the headers of answers that no limit decided. */
  limits: ThrottleSettings;
  /** For the challenges of refusals. */
  metadata: ProtectedResourceMetadata;
  /** For the pages that may read the answers. */
  cors: CorsHeaders;
  /** Headers of every answer; a handler may set another value. */
  headers: Readonly<Record<string, string>>;
  /** Time that a request may take to be answered, and a handler may go on for a client that has gone, in milliseconds. */
  timeoutMs: number;
  /** Says whether a request came in at the management port. */
  isManagement: (request: FastifyRequest) => boolean;
}

export interface HttpDoor {
  /** How many requests are being answered right now. */
  running(): number;
  /** From now on each answer ends its connection, so that the next request goes elsewhere (RFC 9112, section 9.6). */
  leave(): void;
}

const logger = new Logger('HttpDoor');
const gone = new GatehouseError('CANCELLED', 'The client has gone');

/** The bracket around every HTTP request: a Call before anything looks at it, one record before its answer leaves. */
export function registerHttpDoor(fastify: FastifyInstance, options: HttpDoorOptions): HttpDoor {
  const { settlement, blocks, origins, limits, metadata, cors, headers, timeoutMs, isManagement } = options;
  fastify.decorateRequest('outcome', undefined);
  fastify.decorateRequest('outlivesConnection', false);
  fastify.decorateRequest('answered', false);
  fastify.decorateRequest(CALL, null);
  // Made on first sight, so that no hook of anybody can answer a request that has no call; at the latest below.
  fastify.decorateRequest('call', {
    getter(this: FastifyRequest) {
      return (this[CALL] ??= openCall(this, options));
    },
  });

  const deadlines = new Deadlines(timeoutMs, answerLate);
  const served = new ServedMethods(fastify);
  /** Calls that wait for an answer nobody reads. No longer than that: a call holds all that its client sent. */
  const abandoned = new Map<Call, NodeJS.Timeout>();
  let running = 0;
  let leaving = false;
  fastify.addHook('onClose', async () => {
    deadlines.close();
    await Promise.all([...abandoned.keys()].map(settleAbandoned));
  });

  fastify.addHook('onRequest', (request, reply, done) => {
    const { call } = request;
    deadlines.start(reply);
    void reply.headers(headers);
    const forPages = cors.of(request.headers.origin);
    if (forPages) void reply.headers(forPages);
    running++;
    reply.raw.once('close', () => {
      running--;
      if (reply.raw.writableFinished) return;
      deadlines.end(reply);
      if (request.outlivesConnection) return;
      call.cancel(gone);
      if (!request.answered) abandon(call);
    });
    const blocked = blocks.find(call.address);
    // Operators reach the management port, whatever others do from their address.
    if (!blocked || isManagement(request)) admit(request, reply, done);
    else {
      const decide = (refusal: GatehouseError | undefined): void =>
        refusal ? turnAway(refusal, request, reply, done) : admit(request, reply, done);
      contained(
        () => after(blocks.refusalOf(call, blocked), decide),
        (fault) => done(fault as Error),
      );
    }
  });

  function admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { management = false, everywhere = false } = request.routeOptions.config;
    const fault = faultOf(request);
    if (fault) done(fault);
    else if (request.is404 || isNoPreflight(request)) refuseMethod(request, reply, done);
    else if (!everywhere && management !== isManagement(request)) reply.callNotFound();
    else done();
  }

  /** What is wrong with a request wherever it goes. */
  function faultOf({ url, headers: { origin, host }, raw }: FastifyRequest): GatehouseError | undefined {
    if (!origins.allows(origin)) return new OriginRefused();
    if (holdsToken(url)) return new TokenInUrl();
    if (url === MALFORMED_URL) return new GatehouseError('INVALID_REQUEST', 'The URL is malformed');
    // RFC 9112, section 3.2. Node joins several.
    if (host === undefined ? raw.httpVersion === '1.1' : host.includes(','))
      return new GatehouseError('INVALID_REQUEST', 'There is not exactly one Host header');
    return undefined;
  }

  function refuseMethod(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const methods = served.of(pathOf(request), isManagement(request));
    if (methods.length === 0) return request.is404 ? done() : reply.callNotFound();
    void reply.header('allow', methods.join(', '));
    done(new GatehouseError('METHOD_NOT_ALLOWED', `Send ${methods.join(' or ')}`));
  }

  // With a callback: a hook that is a promise costs each answer two turns more.
  fastify.addHook('onSend', (request, reply, payload, leave) => {
    request.answered = true;
    deadlines.end(reply);
    const { call } = request;
    let outcome = request.outcome ?? allowed(call, reply.statusCode);
    // It failed because its client had gone, which is no fault of ours.
    if (outcome.code === 'INTERNAL' && abandoned.has(call)) outcome = refusedBy(gone);
    forget(call);
    if (!call.settled && outcome.result === 'refused' && !isManagement(request)) {
      call.settled = blocks.absorbs(call);
    }
    if (leaving) void reply.header('connection', 'close');
    void reply.header('x-correlation-id', call.id).headers(rateLimitHeaders(call.limits, limits));
    const challenge = metadata.challenge(call, outcome);
    if (challenge) void reply.header('www-authenticate', challenge);
    const left = settlement.settle(call, outcome).then(
      () => leave(null, payload),
      (error: unknown) => {
        logUnrecorded(error);
        leave(null, answerUnrecorded(error, call, reply));
      },
    );
    contained(
      () => left,
      () => reply.raw.destroy(),
    );
  });

  function abandon(call: Call): void {
    // The handler mostly ends all the same, and then the record says how. Where no answer is ever tried, it says this.
    abandoned.set(call, setTimeout(() => void settleAbandoned(call), timeoutMs).unref());
  }

  function forget(call: Call): void {
    clearTimeout(abandoned.get(call));
    abandoned.delete(call);
  }

  async function settleAbandoned(call: Call): Promise<void> {
    forget(call);
    await settlement.settle(call, refusedBy(gone)).catch(logUnrecorded);
  }

  return { running: () => running, leave: () => void (leaving = true) };
}

/** Before the body is read. Counted with the others of that address: a record for each would let strangers fill the journal. */
function turnAway(
  refusal: GatehouseError,
  { call }: FastifyRequest,
  reply: FastifyReply,
  done: (error: Error) => void,
): void {
  call.settled = true;
  void reply.header('connection', 'close');
  done(refusal);
}

function answerLate(reply: FastifyReply, late: GatehouseError): void {
  const { request } = reply;
  // What still comes of a body that came too slowly is not waited for.
  if (!request.raw.complete) void reply.header('connection', 'close');
  void reply.send(late);
  // After the answer: a handler that heeds it at once has none of its own to give any more.
  request.call.cancel(late);
}

/** A journal that is down says so itself; anything else is a fault of ours, and must not be lost. */
function logUnrecorded(error: unknown): void {
  if (!(error instanceof GatehouseError)) logger.error(error);
}

/** No answer without its record: the client is told that the call failed, and nothing of what it would have got. */
function answerUnrecorded(thrown: unknown, call: Call, reply: FastifyReply): string {
  const error = publicError(thrown);
  void reply
    .code(wire[error.code].http)
    .type('application/json; charset=utf-8')
    .removeHeader('content-length');
  const told = call.door === 'mcp' ? errorAnswer(error, call).body : undefined;
  return told ?? JSON.stringify(errorBody(error, call.id));
}
