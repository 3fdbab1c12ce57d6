/**
 * Security headers of every answer (MAD-13; OWASP, "REST Security Cheat Sheet"): this is an API, so nothing of it may be
 * framed, sniffed, cached or fetched by another page. A constant, because a library that works them out anew for each
 * answer took as long as all of the limits together. HSTS goes with answers without TLS too: a proxy may end it before us, and
 * clients take no notice of it elsewhere (RFC 6797, section 8.1; docs/decisions/tls.md).
 */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
});
