import { Controller, Delete, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { CurrentCall, Input, Operation, type Call } from '#call';
import type { ConnectionEntry } from '../connected.ts';
import { Connections } from '../connections.ts';
import { ConnectionId, ListConnections } from './connections.dto.ts';

/** An open connection, for administrators. */
export interface ConnectionView {
  id: string;
  /** `ws`, `tcp` or `stdio`. */
  door: string;
  address: string;
  /** Who it is; null where the door asks nobody who they are. */
  principal: { id: string; name: string; role: string } | null;
  since: string;
  last_active: string;
  /** Calls so far. */
  calls: number;
  /** What its calls under way ask for. */
  doing: string[];
}

export interface ConnectionListView {
  connections: ConnectionView[];
  total: number;
  skip: number;
  limit: number;
}

/** `/admin/connections`: who is connected, to whichever replica. On the management port too, as the other admin commands use it. */
@Controller('admin/connections')
export class ConnectionsController {
  constructor(private readonly connections: Connections) {}

  @Get()
  @RouteConfig({ everywhere: true })
  @Operation({ name: 'connections.list', permission: 'connections:read', input: ListConnections })
  async list(@Input() { skip = 0, limit = 100 }: ListConnections): Promise<ConnectionListView> {
    const all = await this.connections.list();
    const connections = all.slice(skip, skip + limit).map(viewOf);
    return { connections, total: all.length, skip, limit };
  }

  @Delete(':id')
  @RouteConfig({ everywhere: true })
  @Operation({
    name: 'connections.close',
    permission: 'connections:write',
    input: ConnectionId,
    event: 'connection_ended',
  })
  async close(@Input() { id }: ConnectionId, @CurrentCall() call: Call): Promise<{ closed: ConnectionView }> {
    call.note('connection', id);
    return { closed: viewOf(await this.connections.close(id)) };
  }
}

function viewOf(entry: ConnectionEntry): ConnectionView {
  const { id, door, address, principal, since, lastActiveAt, calls, doing } = entry;
  return {
    id,
    door,
    address,
    principal,
    since: new Date(since).toISOString(),
    last_active: new Date(lastActiveAt).toISOString(),
    calls,
    doing: [...doing],
  };
}
