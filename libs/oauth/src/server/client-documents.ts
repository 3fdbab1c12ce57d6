import type { Configuration } from 'oidc-provider';
import { boundedGet } from '../outbound/bounded-get.ts';

const TIMEOUT_MS = 2_500;
/** Client-ID metadata documents, draft 02, section 6.6: 5 KB. */
const MAX_BYTES = 5 * 1024;
/** Fetched at a time: a flood of made-up clients must not become a flood of connections. */
const MOST_AT_A_TIME = 8;

/**
 * Fetches the documents by which clients describe themselves, from where strangers say that they are (draft 02, section
 * 6.5: server-side request forgery).
 */
export function documentFetch(to: 'public' | 'public-or-loopback'): NonNullable<Configuration['fetch']> {
  let running = 0;
  return async (input) => {
    if (running >= MOST_AT_A_TIME) throw new Error('Too many client documents are being fetched');
    running++;
    try {
      const { status, headers, body } = await boundedGet(
        new URL(input instanceof Request ? input.url : input),
        {
          timeoutMs: TIMEOUT_MS,
          maxBytes: MAX_BYTES,
          to,
        },
      );
      const kept = Object.entries({ 'cache-control': headers['cache-control'] });
      // What is no document is read no further: a redirect leads elsewhere.
      if (status !== 200) return new Response(null, { status: 502 });
      return new Response(new Uint8Array(body), {
        headers: kept.flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : [])),
      });
    } finally {
      running--;
    }
  };
}
