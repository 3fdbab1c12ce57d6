import { allowed, Call, refusedBy, type ClientCertificate } from '#call';
import { GatehouseError, CredentialMissing } from '#errors';
import { errorAnswer } from '#mcp';
import { parseJson } from '#validation';
import { contained } from '../contained.ts';
import { publicError } from '../http-server/http-error.ts';
import { addressRefusal } from '../socket-door/address-refusal.ts';
import { endings, type Ending } from '../socket-door/endings.ts';
import type { SocketServices } from '../socket-door/socket-tools.ts';
import type { Wire, WireReader } from '../socket-door/wire.ts';

/** To the letter: requirements 8. */
const CODE = -32_000;
const REQUIRED = 'Authentication required';
const FAILED = 'Authentication failed';
/** Whoever goes on without authenticating is not listened to for ever. */
const MOST_REFUSED = 10;

export interface TcpGreetingOptions {
  readonly wire: Wire;
  readonly address: string;
  /** What it has shown in TLS. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** Of the connection. */
  readonly id: string;
  readonly services: SocketServices;
  /** What is to be verified for a token. */
  readonly credentialOf: (token: string) => string;
  /** What is sent right behind the handshake may be as long as on any connection: no more is read meanwhile. */
  readonly allowMore: () => void;
  /** Undefined where there are too many connections. */
  readonly admit: () => boolean;
  /** Takes the connection over. The messages were read behind the handshake. */
  readonly welcome: (call: Call, early: readonly Buffer[]) => void;
}

/** The first message of a TCP connection: who it is. */
export class TcpGreeting implements WireReader {
  readonly #options: TcpGreetingOptions;
  readonly #early: Buffer[] = [];
  #refused = 0;
  /** The handshake is under way. */
  #isBusy = false;
  #isOver = false;
  #isFinished = false;

  constructor(options: TcpGreetingOptions) {
    this.#options = options;
  }

  message(bytes: Buffer): void {
    if (this.#isOver) return;
    if (this.#isBusy) this.#early.push(bytes);
    else this.#take(bytes);
  }

  refused(error: GatehouseError, ending: Ending): void {
    this.#conclude(this.#opened(undefined), error, undefined, ending);
  }

  finished(): void {
    this.#isFinished = true;
    if (!this.#isBusy) this.#end(endings.left);
  }

  drained(): void {}

  closed(): void {
    this.#isOver = true;
  }

  #take(bytes: Buffer): void {
    let message: unknown;
    try {
      message = parseJson(bytes);
    } catch (error) {
      // No client of ours: a page that makes a browser post to this port sends the lines of HTTP.
      this.#conclude(this.#opened(undefined), publicError(error), undefined, endings.left);
      return;
    }
    const { jsonrpc, id, method, params } = (message ?? {}) as Record<string, unknown>;
    if (method !== 'authenticate' || jsonrpc !== '2.0' || idOf(id) === undefined) {
      const isLast = ++this.#refused >= MOST_REFUSED;
      this.#conclude(this.#opened(undefined), new CredentialMissing(), id, isLast ? endings.left : undefined);
      return;
    }
    const { token } = (params ?? {}) as Record<string, unknown>;
    contained(
      () => this.#authenticate(token, id),
      () => this.#options.wire.cut(),
    );
  }

  async #authenticate(token: unknown, id: unknown): Promise<void> {
    const { wire, services, credentialOf, allowMore, admit, welcome } = this.#options;
    this.#isBusy = true;
    wire.pause();
    allowMore();
    // A certificate speaks for a client that shows no token, and never makes good for a bad one.
    const call = this.#opened(
      typeof token === 'string' ? credentialOf(token) : token === undefined ? token : '',
    );
    try {
      const refusal = await addressRefusal(services.blocks, call);
      if (refusal) throw refusal;
      await services.handshakes.walk('authenticate', call);
      if (this.#isOver) throw new GatehouseError('CANCELLED', 'The client has gone');
      if (!admit()) throw new GatehouseError('TOO_MANY_CONNECTIONS', 'Too many connections');
      call.note('connection', this.#options.id);
      await services.settlement.settle(call, allowed(call, 200));
    } catch (error) {
      this.#conclude(call, publicError(error), id, endings.left);
      return;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    wire.send(JSON.stringify({ jsonrpc: '2.0', id: idOf(id), result: { authenticated: true } }));
    welcome(call, this.#early);
    wire.resume();
    if (this.#isFinished) wire.reader.finished();
  }

  #opened(credential: string | undefined): Call {
    const authorization = credential === undefined ? undefined : `Bearer ${credential}`;
    const { address, clientCertificate } = this.#options;
    const call = new Call({ door: 'tcp', address, authorization, clientCertificate });
    call.target = 'authenticate';
    return call;
  }

  /** Says no, once that is on record; and goes, where there is no second try. */
  #conclude(call: Call, error: GatehouseError, id: unknown, ending: Ending | undefined): void {
    const { wire, services } = this.#options;
    if (ending) this.#isOver = true;
    const isAttempt = call.authorization !== undefined || this.#isBusy;
    // As at the other doors of the protocol: 401 for whatever is wrong with a credential.
    const outcome = errorAnswer(error, call).outcome ?? refusedBy(error);
    const isCredential = outcome.event === 'invalid_auth';
    call.settled ||= outcome.result === 'refused' && services.blocks.absorbs(call);
    const recorded = services.settlement.settle(
      call,
      isCredential ? { ...outcome, event: 'tcp_auth_failed' } : outcome,
    );
    const message = wordsOf(error, isCredential, isAttempt);
    const data = { code: error.code, correlation_id: call.id, ...error.details };
    const text = JSON.stringify({ jsonrpc: '2.0', id: idOf(id), error: { code: CODE, message, data } });
    const say = (): void => {
      wire.send(text);
      if (ending) wire.end(ending);
    };
    contained(
      () => recorded.catch(() => undefined).then(say),
      () => wire.cut(),
    );
  }

  #end(ending: Ending): void {
    this.#isOver = true;
    this.#options.wire.end(ending);
  }
}

function wordsOf({ code, message }: GatehouseError, isCredential: boolean, isAttempt: boolean): string {
  if (!isAttempt) return REQUIRED;
  return isCredential || code === 'ACCESS_REFUSED' ? FAILED : message;
}

/** A stranger's id is said again where it is one; else there is none, as in the schema of the protocol. */
function idOf(id: unknown): string | number | undefined {
  return (typeof id === 'string' && id.length <= 512) || Number.isSafeInteger(id)
    ? (id as string | number)
    : undefined;
}
