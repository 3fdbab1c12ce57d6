const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** Of a program on its user's machine (RFC 8252, section 7.1). Those that a browser gives a meaning are none. */
const PRIVATE_SCHEME = /^[a-z][a-z0-9+.-]{1,63}:$/;
const PUBLIC_SCHEMES = new Set([
  'about:',
  'blob:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'javascript:',
  'mailto:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
]);
const MAX_LENGTH = 1024;
/** A URL's host may hold more (`;`, `,`), which no name server knows, and which would go on to speak in a page's policy. */
const HOST = /^[a-z\d._-]+$|^\[[\da-f:.]+\]$/;
/** RFC 3986 knows no other signs; what parsers mend or leave out, each in its own way, is not compared and then followed. */
const SIGNS = /^[\x21-\x5b\x5d-\x7e]+$/;

/**
 * Whether codes may be sent there: over TLS, to this machine, or to a program by a scheme of its own (RFC 9700, section
 * 2.1; OAuth 2.1, section 2.3).
 */
export function isSafeRedirect(uri: unknown): uri is string {
  if (typeof uri !== 'string' || uri.length > MAX_LENGTH || !SIGNS.test(uri) || !URL.canParse(uri))
    return false;
  const { protocol, hostname, username, password } = new URL(uri);
  if (username || password || uri.includes('#') || uri.includes('*')) return false;
  if (protocol === 'https:') return HOST.test(hostname);
  if (protocol === 'http:') return LOOPBACK.has(hostname);
  return PRIVATE_SCHEME.test(protocol) && !PUBLIC_SCHEMES.has(protocol);
}

/** A program on its user's machine where any of them leads there, whose port may be any then (RFC 8252, section 7.3). */
export function applicationTypeOf(uris: readonly string[]): 'native' | 'web' {
  return uris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native';
}

/** Of a program on its user's machine, https is a claim to a public name (RFC 8252, section 7.2): this machine has none. */
export function isClaimOfThisMachine(uri: string): boolean {
  const { protocol, hostname } = new URL(uri);
  return protocol === 'https:' && LOOPBACK.has(hostname);
}

/** What a page's `form-action` must allow, so that a browser follows the way back to the client (CSP 3). */
export function sourceOf(uri: string): string | undefined {
  if (!isSafeRedirect(uri)) return undefined;
  const { protocol, origin } = new URL(uri);
  return origin === 'null' ? protocol : origin;
}
