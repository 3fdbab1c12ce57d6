import type { CertificateName, ClientCertificate } from '#call';

/** Longer than any honest chain of proxies makes it. */
const MAX_LENGTH = 8_192;
const MAX_ELEMENTS = 32;

/** One pair and what ends it: `;` before the next, `,` before the next element. A quoted value may hold both. */
const PAIR = /[ \t]*([A-Za-z]{1,16})=("(?:[^"\\]|\\.)*"|[^",;\s]*)[ \t]*(;|,|$)/y;
const HASH = /^[\da-f]{64}$/i;
/** Of these there can be only one. */
const SINGLE = new Set(['hash', 'subject']);

/**
 * The certificate that our proxy has verified: `X-Forwarded-Client-Cert`, as Envoy writes it (By, Hash, Subject, URI, DNS).
 * Each proxy adds an element at the end, and only the last was written by the one that we trust: all before it may be
 * of the client's own making. What is not well-formed to its end proves nothing: an element that leaves a quote open
 * would swallow those behind it.
 */
export function forwardedCertificate(header: string): ClientCertificate {
  const element = lastElementOf(header);
  const [fingerprint = ''] = element?.get('hash') ?? [];
  if (!element || !HASH.test(fingerprint))
    return { fingerprint: '', names: [], fault: 'FORWARDED_MALFORMED', expiresAt: Infinity };
  const [subject = ''] = element.get('subject') ?? [];
  const names: CertificateName[] = [
    ...commonNameIn(subject),
    ...(element.get('uri') ?? []).map((name) => `uri:${name}` as const),
    ...(element.get('dns') ?? []).map((name) => `dns:${name}` as const),
  ];
  return { fingerprint: fingerprint.toLowerCase(), names, fault: undefined, expiresAt: Infinity };
}

type Element = Map<string, string[]>;

function lastElementOf(header: string): Element | undefined {
  if (header.length > MAX_LENGTH) return undefined;
  let element: Element = new Map();
  PAIR.lastIndex = 0;
  for (let elements = 1; elements <= MAX_ELEMENTS;) {
    const found = PAIR.exec(header);
    if (!found) return undefined;
    const [, name = '', written = '', end] = found;
    const key = name.toLowerCase();
    const values = element.get(key) ?? [];
    if (values.length > 0 && SINGLE.has(key)) return undefined;
    element.set(key, [...values, unquoted(written)]);
    if (end === '') return element;
    if (end === ',') [element, elements] = [new Map(), elements + 1];
  }
  return undefined;
}

function unquoted(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('\\"', '"') : written;
}

/** `CN=orders,O=Example` (RFC 4514). One whose characters had to be escaped, or a second one, is no name to go by. */
function commonNameIn(subject: string): CertificateName[] {
  const found = [...subject.matchAll(/(?:^|[,+])CN=([^,+\\"=]*)(?=[,+]|$)/g)];
  const isPlain = !subject.includes('\\') && !subject.includes('"');
  return isPlain && found.length === 1 && found[0]?.[1] ? [`cn:${found[0][1]}`] : [];
}
