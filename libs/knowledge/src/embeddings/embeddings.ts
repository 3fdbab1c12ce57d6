/** Makes vectors of texts: near ones mean the like. */
export abstract class Embeddings {
  /** What made the vectors; those of two names are not compared. Undefined where none are made. */
  abstract readonly model: string | undefined;
  /** One vector per text, in their order, all of one size. Throws ModelFailure. */
  abstract embed(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
}
