import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Call } from '#call';
import { ConfigModule } from '#config';
import { EncryptionKey, EncryptionModule } from '#encryption';
import { JobsModule } from '#jobs';
import { Database, DataFolder } from '#persistence';
import { scratchFolder } from '#testing';
import { KnowledgeModule } from '../knowledge.module.ts';

/** The databases of a spec outlive what is opened on them: one key for all. */
const ENCRYPTION_KEY = EncryptionKey.generate().toText();

/** A call that has passed the pipeline. */
export const callOfAnn = new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });
callOfAnn.principal = { id: 'p-1', name: 'Ann', role: 'service', tier: undefined, keyId: 'k-1' };

/** The module as the program has it, on a database of a test. */
export async function openKnowledge(
  database: Database,
  env: Readonly<Record<string, string>> = {},
): Promise<INestApplicationContext> {
  class DatabaseModule {}
  const scratch = await scratchFolder();
  const folder = await DataFolder.open(scratch.path);
  const ground = { onApplicationShutdown: () => folder.close().then(() => scratch.remove()) };
  const opened = [
    { provide: Database, useValue: database },
    { provide: DataFolder, useValue: folder },
    { provide: 'ground', useValue: ground },
  ];
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({ ENCRYPTION_KEY, ...env }),
      { module: DatabaseModule, global: true, providers: opened, exports: [Database, DataFolder] },
      JobsModule,
      EncryptionModule,
      KnowledgeModule,
    ],
  }).compile();
  return module.init();
}
