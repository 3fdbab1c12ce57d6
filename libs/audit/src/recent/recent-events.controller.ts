import { Controller, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { Input, Operation } from '#call';
import { ListRecentEvents } from './recent-events.dto.ts';
import { RecentEvents } from './recent-events.ts';

export interface RecentEventsView {
  /** As the journal has them, the youngest first. */
  events: Record<string, unknown>[];
  next_cursor: string | null;
  /** False while the index of the embedded database has not caught up with the journal. */
  complete: boolean;
}

/** `/audit/recent`, on the management port: what happened lately, for those who may review it. */
@Controller('audit')
export class RecentEventsController {
  constructor(private readonly recent: RecentEvents) {}

  @Get('recent')
  @RouteConfig({ management: true })
  @Operation({ name: 'audit.recent', permission: 'audit:read', input: ListRecentEvents })
  async list(@Input() filter: ListRecentEvents): Promise<RecentEventsView> {
    const { events, nextCursor, complete } = await this.recent.page(filter);
    return { events, next_cursor: nextCursor, complete };
  }
}
