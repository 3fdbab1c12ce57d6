import { Injectable } from '@nestjs/common';
import { after, networkOf, type Call, type Principal } from '#call';
import { GatehouseError } from '#errors';
import { CallerProof } from '#identity';
import type { Block } from './block.ts';
import type { BlockedNetwork } from './blocked-networks.ts';
import { Blocks } from './blocks.ts';

/** So many attempts are told why, so that a person understands; after them connections are cut unread. */
const TOLD = 100;

/** What a blocked caller is told. */
export class AddressBlocked extends GatehouseError {
  constructor(until: number) {
    const retryAfter = Math.max(1, Math.ceil((until - Date.now()) / 1000));
    super('ADDRESS_BLOCKED', 'This address is blocked', { details: { retry_after: retryAfter } });
  }
}

/** Stands at every door, before anything is read: whoever is not blocked pays one look into a Map. */
@Injectable()
export class BlockGate {
  constructor(
    private readonly blocks: Blocks,
    private readonly caller: CallerProof,
  ) {}

  /** What stands against an address; `refusalOf` says what that means for a call. */
  find(address: string): BlockedNetwork | undefined {
    const { networks } = this.blocks;
    if (networks.size === 0) return undefined;
    const blocked = networks.find(networkOf(address));
    return blocked && !this.blocks.isExempt(address) ? blocked : undefined;
  }

  /**
   * Why a call from a blocked network is refused, or undefined where it may go on. It has to prove a key first where the
   * block spares good keys, or holds for one principal only. Counts what it refuses: such calls leave no record each.
   */
  refusalOf(
    call: Call,
    blocked: BlockedNetwork,
  ): AddressBlocked | undefined | PromiseLike<AddressBlocked | undefined> {
    const now = Date.now();
    const block = blocked.blockOfAll(now);
    if (block && !block.spares) return this.#refuse(block, blocked);
    if (!block && !this.caller.offered(call)) return undefined;
    return after(this.#prove(call), (principal) => this.#judge(principal, block, blocked));
  }

  /** Whether a connection from there is not worth reading. */
  cuts(address: string | undefined): boolean {
    if (address === undefined) return false;
    const blocked = this.find(address);
    const block = blocked?.blockOfAll(Date.now());
    if (!blocked || !block || block.spares || blocked.told < TOLD) return false;
    blocked.count(Date.now());
    return true;
  }

  /** Whether a refused call needs no record of its own: it came in before the block, and is counted with what came after. */
  absorbs({ address, principal }: Call): boolean {
    const blocked = this.find(address);
    if (!blocked) return false;
    const now = Date.now();
    const holds = principal ? blocked.blockOf(principal.id, now) : blocked.blockOfAll(now);
    if (holds) blocked.count(now);
    return holds !== undefined;
  }

  #prove(call: Call): Principal | undefined | PromiseLike<Principal | undefined> {
    try {
      const proven = this.caller.prove(call);
      return proven instanceof Promise ? proven.catch(() => undefined) : proven;
    } catch {
      return undefined;
    }
  }

  #judge(
    principal: Principal | undefined,
    block: Block | undefined,
    blocked: BlockedNetwork,
  ): AddressBlocked | undefined {
    const own = principal && blocked.blockOf(principal.id, Date.now());
    if (own) return this.#refuse(own, blocked);
    return block && !principal ? this.#refuse(block, blocked) : undefined;
  }

  #refuse(block: Block, blocked: BlockedNetwork): AddressBlocked {
    blocked.count(Date.now());
    blocked.told++;
    return new AddressBlocked(block.until);
  }
}
