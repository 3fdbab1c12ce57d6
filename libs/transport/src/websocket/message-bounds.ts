/** Each piece that a message comes in costs more than its bytes: so many may wait, beside one of each so many bytes. */
const MOST_PIECES = 4_096;
const LEAST_PIECE_BYTES = 256;

/**
 * What one message may be, for `ws`, whose types don't know of pieces yet. By itself it allows hundreds of thousands of
 * them, which is fifty megabytes for a client that sends a byte at a time.
 */
export function messageBounds(maxBytes: number): { maxPayload: number; maxBufferedChunks: number } {
  return {
    maxPayload: maxBytes,
    maxBufferedChunks: MOST_PIECES + Math.ceil(maxBytes / LEAST_PIECE_BYTES),
  };
}
