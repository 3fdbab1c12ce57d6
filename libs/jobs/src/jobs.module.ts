import { Global, Module } from '@nestjs/common';
import { JobQueue } from './job-queue.ts';
import { PgBossQueue } from './pg-boss-queue.ts';

/** Jobs in the background. Nothing is opened, and nothing polls, before somebody opens a queue. */
@Global()
@Module({
  providers: [{ provide: JobQueue, useClass: PgBossQueue }],
  exports: [JobQueue],
})
export class JobsModule {}
