import { Embeddings } from './embeddings.ts';

/** Search is by words only. */
export class NoEmbeddings extends Embeddings {
  readonly model = undefined;

  embed(): Promise<number[][]> {
    return Promise.resolve([]);
  }
}
