import type { Measured } from './report.ts';

export interface TopicOptions {
  /** Of each load, of which the median is taken. */
  readonly rounds: number;
  /** Of one load; each topic has a length of its own. */
  readonly seconds?: number;
}

export type Topic = (options: TopicOptions) => Promise<Measured>;
