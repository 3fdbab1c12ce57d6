import { Injectable } from '@nestjs/common';
import { Operation } from '#call';
import type { GatehouseError } from '#errors';
import type { Message } from '../wire/message.ts';
import type { ProtocolRequest } from './protocol-request.ts';

/**
 * What is neither a tool nor a method is a call all the same. It walks the pipeline before it is answered, so that
 * nobody can search for names, or send rubbish, without being identified, counted and recorded.
 */
@Injectable()
export class OtherMessages {
  /** What a client has to tell. That a request is cancelled counts in a session, and on a connection; all else may be ignored. */
  @Operation({ name: 'mcp.notify', permission: 'mcp:use' })
  notify({ message, session, exchange }: ProtocolRequest & { message: Message }): void {
    if (message.method !== 'notifications/cancelled') return;
    const { requestId } = message.params;
    session?.cancel(requestId);
    exchange.cancel?.(requestId);
  }

  /** A message that nothing stands behind, and what its sender is to be told. */
  @Operation({ name: 'mcp.refuse', permission: 'mcp:use' })
  refuse(error: GatehouseError): never {
    throw error;
  }
}
