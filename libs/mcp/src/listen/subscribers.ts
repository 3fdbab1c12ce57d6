import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { mcpConfig } from '../mcp.config.ts';
import type { Channel } from '../peer/channel.ts';
import { SUBSCRIPTION_ID } from '../wire/era.ts';
import type { RequestId } from '../wire/message.ts';
import { notificationMessage } from '../wire/notification.ts';

/** What a client of 2026-07-28 wants to hear of (MCP, `SubscriptionFilter`). */
export interface Filter {
  readonly toolsListChanged?: true;
  readonly promptsListChanged?: true;
  readonly resourcesListChanged?: true;
  readonly resourceSubscriptions?: readonly string[];
  /** Of the tasks extension. */
  readonly taskIds?: readonly string[];
}

export interface Subscriber {
  readonly id: RequestId;
  readonly principalId: string;
  readonly filter: Filter;
  readonly channel: Channel;
  /** Ends the subscription. */
  end(): void;
}

/** The open streams of `subscriptions/listen`, so many of a client and no more. */
@Injectable()
export class Subscribers implements OnModuleDestroy {
  readonly #all = new Set<Subscriber>();
  readonly #most: number;

  constructor(@Inject(mcpConfig.KEY) config: ConfigOf<typeof mcpConfig>) {
    this.#most = config.sessionsPerClient;
  }

  /** Throws TOO_MANY_STREAMS. */
  checkRoom(principalId: string): void {
    let own = 0;
    for (const subscriber of this.#all) if (subscriber.principalId === principalId) own++;
    if (own >= this.#most)
      throw new GatehouseError('TOO_MANY_STREAMS', 'Too many open subscriptions: end one of them first');
  }

  add(subscriber: Subscriber): void {
    this.#all.add(subscriber);
    this.tell(subscriber, 'notifications/subscriptions/acknowledged', { notifications: subscriber.filter });
  }

  remove(subscriber: Subscriber): void {
    this.#all.delete(subscriber);
  }

  notify(
    wanted: (filter: Filter) => boolean,
    method: string,
    params: Readonly<Record<string, unknown>> = {},
  ): void {
    for (const subscriber of this.#all) if (wanted(subscriber.filter)) this.tell(subscriber, method, params);
  }

  tell({ channel, id }: Subscriber, method: string, params: Readonly<Record<string, unknown>>): void {
    channel.send(notificationMessage(method, { ...params, _meta: { [SUBSCRIPTION_ID]: id } }));
  }

  onModuleDestroy(): void {
    for (const subscriber of this.#all) subscriber.end();
  }
}
