import { Injectable } from '@nestjs/common';
import { CallRecorder, type Call, type Outcome } from '#call';
import { Blocks } from './blocks.ts';
import { offenceOf } from './offence-of.ts';

/** Learns from every settled call, at whichever door, what speaks for an address and what against it. */
@Injectable()
export class BlockRecorder extends CallRecorder {
  constructor(private readonly blocks: Blocks) {
    super();
  }

  record(call: Call, outcome: Outcome): void {
    // At these two, whoever calls is on this machine already.
    if (call.door === 'cli' || call.door === 'stdio') return;
    // Whoever's key was revoked has done nothing yet, and need not be the only one at his address.
    if (call.unasked) return;
    if (outcome.result === 'allowed') {
      if (call.principal) this.blocks.vouch(call.address);
      return;
    }
    const kind = offenceOf(call, outcome);
    if (kind) this.blocks.offence(call.address, kind, call.principal?.id);
  }
}
