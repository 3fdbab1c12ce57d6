import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Call } from '#call';
import { ConfigModule } from '#config';
import { Database } from '#persistence';
import { KnowledgeModule } from '../knowledge.module.ts';

/** A call that has passed the pipeline. */
export const callOfAnn = new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });
callOfAnn.principal = { id: 'p-1', name: 'Ann', role: 'service', tier: undefined, keyId: 'k-1' };

/** The module as the program has it, on a database of a test. */
export async function openKnowledge(
  database: Database,
  env: Readonly<Record<string, string>> = {},
): Promise<INestApplicationContext> {
  class DatabaseModule {}
  const opened = { provide: Database, useValue: database };
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(env),
      { module: DatabaseModule, global: true, providers: [opened], exports: [Database] },
      KnowledgeModule,
    ],
  }).compile();
  return module.init();
}
