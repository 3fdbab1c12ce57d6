/** What the thread of the embedded database is told: whole messages of PostgreSQL's protocol, or what to do. */
export type ToWorker = Uint8Array | 'end-session' | 'close';

/** What it answers: bytes of the protocol, or how it stands. */
export type FromWorker = Uint8Array | 'ready' | 'session-ended' | { readonly failed: string };
