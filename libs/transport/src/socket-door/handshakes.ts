import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Operation, type Call } from '#call';
import { HandlerWrapper, type Handler } from '#mcp';

const names = ['open', 'openUnknown', 'authenticate'] as const;
export type Handshake = (typeof names)[number];

/** Whoever opens a connection makes a call: it walks the pipeline like any other, and leaves its record. */
@Injectable()
export class Handshakes implements OnModuleInit {
  #handlers!: Record<Handshake, Handler>;

  constructor(private readonly wrapper: HandlerWrapper) {}

  /** Not before: the guards of the whole program are known only when all its modules are. */
  onModuleInit(): void {
    const wrapped = names.map((name) => [name, this.wrapper.wrap(this, name)]);
    this.#handlers = Object.fromEntries(wrapped) as Record<Handshake, Handler>;
  }

  @Operation({ name: 'connections.open', permission: 'mcp:use', event: 'connection_established' })
  open(): void {}

  /** Where the door asks for no credential: each call of the connection does. */
  @Operation({ name: 'connections.open-unknown', public: true, event: 'connection_established' })
  openUnknown(): void {}

  @Operation({ name: 'connections.authenticate', permission: 'mcp:use', event: 'tcp_auth_success' })
  authenticate(): void {}

  /** Throws, or rejects with, what a stage refuses it with. */
  async walk(which: Handshake, call: Call): Promise<void> {
    const handler = this.#handlers[which];
    call.operation = handler.operation;
    call.input = {};
    await handler.run({}, call);
  }
}
