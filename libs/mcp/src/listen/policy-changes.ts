import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { rulesInForce } from '#rbac';
import { Changes } from './changes.ts';

/** When roles may do other things than before, other things are on offer to them. */
@Injectable()
export class PolicyChanges implements OnModuleInit, OnModuleDestroy {
  #stop: (() => void) | undefined;

  constructor(private readonly changes: Changes) {}

  onModuleInit(): void {
    this.#stop = rulesInForce.onChange(() => {
      for (const what of ['tools', 'prompts', 'resources'] as const) this.changes.listChanged(what);
    });
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }
}
