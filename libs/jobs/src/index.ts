export { JobQueue, type Job, type JobEnd, type Transaction } from './job-queue.ts';
export { PgBossQueue } from './pg-boss-queue.ts';
export { jobsConfig } from './jobs.config.ts';
export { JobsModule } from './jobs.module.ts';
