/** Stands for every URL that can't be decoded. No route has this path. */
export const MALFORMED_URL = '/malformed-url';

/** Whether the percent-encoding of a URL stands for UTF-8 (RFC 3986, section 2.1). */
export function isWellFormedUrl(url: string): boolean {
  if (!url.includes('%')) return true;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
