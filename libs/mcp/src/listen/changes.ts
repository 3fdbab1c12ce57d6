import { Injectable } from '@nestjs/common';
import { Lists } from '../offer/lists.ts';
import { Sessions } from '../session/sessions.ts';
import { notificationMessage } from '../wire/notification.ts';
import { Subscribers } from './subscribers.ts';

/** What has changed, told to all clients that want to know, of both eras. */
@Injectable()
export class Changes {
  constructor(
    private readonly lists: Lists,
    private readonly sessions: Sessions,
    private readonly subscribers: Subscribers,
  ) {}

  /** Other tools, prompts or resources are on offer than before. */
  listChanged(what: 'tools' | 'prompts' | 'resources'): void {
    this.lists.forget();
    const method = `notifications/${what}/list_changed`;
    this.subscribers.notify((filter) => filter[`${what}ListChanged`] === true, method);
    const message = notificationMessage(method);
    for (const session of this.sessions.live) session.notify(message);
  }

  /** A resource reads otherwise than before. */
  resourceUpdated(uri: string): void {
    const method = 'notifications/resources/updated';
    this.subscribers.notify((filter) => filter.resourceSubscriptions?.includes(uri) ?? false, method, {
      uri,
    });
    const message = notificationMessage(method, { uri });
    for (const session of this.sessions.live)
      if (session.state.subscriptions.includes(uri)) session.notify(message);
  }
}
