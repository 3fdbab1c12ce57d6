import { Controller, Delete, Get, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { callerOf, CurrentCall, Input, Operation, type Call } from '#call';
import type { Block } from '../block.ts';
import { Blocks } from '../blocks.ts';
import { AddBlock, BlockedAddress, ListBlocks } from './blocks.dto.ts';

/** A block, for administrators. */
export interface BlockView {
  /** IPv4, or an IPv6 /64. */
  address: string;
  /** Of the one principal whose calls from there are refused; null where all are. */
  principal: string | null;
  /** `authentication`, `refusal` or `manual`. */
  kind: string;
  /** Which one in a row; 0 where an administrator made it. */
  strikes: number;
  since: string;
  until: string;
  /** Calls that prove a key get through. */
  spares_good_keys: boolean;
  /** Id of the principal who made it. */
  by: string | null;
}

export interface BlockListView {
  blocks: BlockView[];
  total: number;
  skip: number;
  limit: number;
}

/** `/admin/blocks`: who may not knock. On the management port too, for the administrator whose own address is blocked. */
@Controller('admin/blocks')
export class BlocksController {
  constructor(private readonly blocks: Blocks) {}

  @Get()
  @RouteConfig({ everywhere: true })
  @Operation({ name: 'blocks.list', permission: 'blocks:read', input: ListBlocks })
  list(@Input() { skip = 0, limit = 100 }: ListBlocks): BlockListView {
    const all = this.blocks.list();
    return { blocks: all.slice(skip, skip + limit).map(viewOf), total: all.length, skip, limit };
  }

  @Post()
  @RouteConfig({ everywhere: true })
  @Operation({ name: 'blocks.add', permission: 'blocks:write', input: AddBlock, event: 'block_added' })
  add(@Input() { address, duration_seconds: seconds }: AddBlock, @CurrentCall() call: Call): BlockView {
    call.note('subject_address', address);
    const durationMs = seconds === undefined ? undefined : seconds * 1000;
    return viewOf(this.blocks.add({ address, durationMs, by: callerOf(call).id, from: call.address }));
  }

  @Delete(':address')
  @RouteConfig({ everywhere: true })
  @Operation({
    name: 'blocks.lift',
    permission: 'blocks:write',
    input: BlockedAddress,
    event: 'block_lifted',
  })
  lift(@Input() { address }: BlockedAddress, @CurrentCall() call: Call): { lifted: BlockView[] } {
    call.note('subject_address', address);
    return { lifted: this.blocks.lift(address).map(viewOf) };
  }
}

function viewOf({ network, principalId, kind, strikes, since, until, spares, by }: Block): BlockView {
  return {
    address: network,
    principal: principalId ?? null,
    kind,
    strikes,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    spares_good_keys: spares,
    by: by ?? null,
  };
}
