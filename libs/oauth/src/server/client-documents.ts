import type { Configuration } from 'oidc-provider';
import { boundedGet } from '../outbound/bounded-get.ts';
import { FetchPlaces } from './fetch-places.ts';

const TIMEOUT_MS = 2_000;
/** Client-ID metadata documents, draft 02, section 6.6: 5 KB. */
const MAX_BYTES = 5 * 1024;
/** Fetched at a time: a flood of made-up clients must not become a flood of connections. */
const PLACES = { all: 32, network: 4, host: 8 };

export interface DocumentFetch {
  readonly to: 'public' | 'public-or-loopback';
  /** Address of whoever made us fetch; empty where that is somebody whose log-in is under way. */
  readonly askedFrom: () => string;
}

/**
 * Fetches the documents by which clients describe themselves, from where strangers say that they are (draft 02, section
 * 6.5: server-side request forgery).
 */
export function documentFetch({ to, askedFrom }: DocumentFetch): NonNullable<Configuration['fetch']> {
  const places = new FetchPlaces(PLACES);
  return async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return places.during({ host: url.host, address: askedFrom() }, async (signal) => {
      const { status, headers, body } = await boundedGet(url, {
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        to,
        signal,
      });
      const kept = Object.entries({ 'cache-control': headers['cache-control'] });
      // What is no document is read no further: a redirect leads elsewhere.
      if (status !== 200) return new Response(null, { status: 502 });
      return new Response(new Uint8Array(body), {
        headers: kept.flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : [])),
      });
    });
  };
}
