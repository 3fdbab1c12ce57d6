import { logLevels, type Call, type LogLevel, type Progress } from '#call';
import type { MaskText } from '#masking';
import type { Received } from '../received.ts';
import { CLIENT_CAPABILITIES, LOG_LEVEL } from '../wire/era.ts';
import { isRecord, type Params } from '../wire/message.ts';
import { notificationMessage } from '../wire/notification.ts';
import { AskingPeer } from './asking-peer.ts';
import type { Channel } from './channel.ts';
import { InputRequired } from './input-required.ts';
import type { Question } from './questions.ts';

/** What speaking needs beside the message. */
export interface PeerOptions {
  readonly received: Received;
  readonly call: Call;
  readonly mask: MaskText;
  /** Seals what was answered so far, for the client to keep. */
  readonly seal: (answers: Params) => string;
  readonly answerTimeoutMs: number;
}

/** The client of an MCP call. Its first word turns the answer into a stream. */
export class McpPeer extends AskingPeer {
  readonly received: Received;
  readonly answerTimeoutMs: number;
  readonly #seal: PeerOptions['seal'];
  /** Null where nothing can be said. */
  #channel: Channel | null | undefined;

  constructor({ received, call, mask, seal, answerTimeoutMs }: PeerOptions) {
    super(call, mask);
    this.received = received;
    this.#seal = seal;
    this.answerTimeoutMs = answerTimeoutMs;
  }

  override get declared(): Params {
    const { era, message, session } = this.received;
    const declared =
      era.name === 'modern' ? message.meta?.[CLIENT_CAPABILITIES] : session?.state.capabilities;
    return isRecord(declared) ? declared : {};
  }

  override get given(): readonly (Params | undefined)[] {
    const { earlier, message } = this.received;
    return [earlier, message.params['inputResponses'] as Params | undefined];
  }

  override pauseFor(open: Readonly<Record<string, Question>>): InputRequired {
    return new InputRequired(this.masked(open), this.#seal(this.answered));
  }

  override progress({ progress, total, message }: Progress): void {
    const progressToken = this.received.message.meta?.['progressToken'];
    if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return;
    this.say('notifications/progress', { progressToken, progress, total, message });
  }

  override log(level: LogLevel, data: unknown, logger?: string): void {
    if (this.#hears(level)) this.say('notifications/message', { level, logger, data });
  }

  /** To a client of 2026-07-28 nothing is logged unless its request asks for it; to one of 2025, once it has set a level. */
  #hears(level: LogLevel): boolean {
    const { message, session } = this.received;
    const wanted = message.meta?.[LOG_LEVEL] ?? session?.state.logLevel;
    const least = logLevels.indexOf(wanted as LogLevel);
    return least >= 0 && logLevels.indexOf(level) >= least;
  }

  say(method: string, params: Readonly<Record<string, unknown>>): void {
    this.channel?.send(notificationMessage(method, this.masked(params)));
  }

  /** Opened by the first word; undefined where the door has no stream. */
  get channel(): Channel | undefined {
    if (this.#channel === undefined) this.#channel = this.received.openChannel() ?? null;
    return this.#channel ?? undefined;
  }
}

/**
 * Ends the connection that a call would be answered on, not the call: its client comes back for the rest, where it has a
 * session to come back to (MCP 2025-11-25, "Sending Messages": polling). Nothing happens where it can't.
 */
export function disconnect({ peer }: Call): void {
  if (peer instanceof McpPeer) peer.channel?.pause();
}
