import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigModule, type Environment } from '#config';
import { EncryptionModule } from '#encryption';
import { JobsModule } from '#jobs';
import { KnowledgeModule, KnowledgeService } from '#knowledge';
import { PersistenceModule } from '#persistence';

@Module({})
class EvaluationModule {
  static on(env: Environment): DynamicModule {
    return {
      module: EvaluationModule,
      imports: [ConfigModule.forRoot(env), PersistenceModule, JobsModule, EncryptionModule, KnowledgeModule],
    };
  }
}

/** Runs `work` on the knowledge base of a gateway with these settings, which must be empty. */
export async function withKnowledgeBase<T>(
  env: Environment,
  work: (knowledge: KnowledgeService) => Promise<T>,
): Promise<T> {
  const app = await NestFactory.createApplicationContext(EvaluationModule.on(env), {
    logger: ['error', 'warn'],
  });
  try {
    const knowledge = app.get(KnowledgeService);
    const { total } = await knowledge.list({ skip: 0, limit: 1 });
    if (total > 0)
      throw new Error('The database is not empty: a collection is only measured on one of its own');
    return await work(knowledge);
  } finally {
    await app.close();
  }
}

/** The same on the embedded database in a folder that is removed, or on the empty PostgreSQL at the URL. */
export async function withScratchKnowledgeBase<T>(
  { databaseUrl, sealed }: { databaseUrl?: string | undefined; sealed?: boolean | undefined },
  work: (knowledge: KnowledgeService) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-eval-'));
  try {
    const env = {
      DATA_DIR: folder,
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...(sealed && { ENCRYPT_AT_REST: 'true', ENCRYPTION_KEY: randomBytes(32).toString('base64') }),
    };
    return await withKnowledgeBase(env, work);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
