/** How a connection ends. */
export interface Ending {
  /** Close code of a WebSocket (RFC 6455, section 7.4.1). */
  readonly code: number;
  /** Told to the client, and on record. */
  readonly reason: string;
  readonly event: 'connection_closed' | 'connection_timeout';
  /** What runs is answered first. */
  readonly answers: boolean;
}

const closed = { event: 'connection_closed', answers: false } as const;
const timeout = { event: 'connection_timeout', answers: false } as const;

export const endings = {
  /** By its client. */
  left: { code: 1000, reason: 'The client has gone', ...closed, answers: true },
  shutdown: { code: 1001, reason: 'The server is shutting down', ...closed, answers: true },
  idle: { code: 1001, reason: 'Idle for too long', ...timeout, answers: true },
  /** To the letter: requirements 8. */
  excess: { code: 1008, reason: 'Rate limit exceeded', ...closed, answers: true },
  blocked: { code: 1008, reason: 'This address is blocked', ...closed },
  revoked: { code: 1008, reason: 'Its credential is good no more', ...closed },
  ordered: { code: 1008, reason: 'Closed by an administrator', ...closed },
  binary: { code: 1003, reason: 'A message is text', ...closed, answers: true },
  notText: { code: 1007, reason: 'The message is not UTF-8', ...closed, answers: true },
  noWebSocket: { code: 1002, reason: 'That is no WebSocket frame', ...closed, answers: true },
  tooLarge: {
    code: 1009,
    reason: 'The message is larger than MAX_MESSAGE_SIZE allows',
    ...closed,
    answers: true,
  },
  crumbled: { code: 1008, reason: 'The message comes in too many pieces', ...closed, answers: true },
  trickling: { code: 1008, reason: 'The message did not come in time', ...timeout, answers: true },
  faulty: { code: 1011, reason: 'A fault of the server', ...closed },
  silent: { code: 1001, reason: 'The other end does not answer', ...timeout },
  unread: { code: 1008, reason: 'The client does not read', ...timeout },
} as const satisfies Record<string, Ending>;
