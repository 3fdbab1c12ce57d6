import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { CertificateName, ClientCertificate } from '#call';

const known = new WeakMap<Socket, ClientCertificate>();

/** What a client has proven in its handshake, or failed to; undefined where it has shown no certificate. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const remembered = known.get(socket);
  if (remembered) return remembered;
  const shown = socket.getPeerX509Certificate();
  if (!shown) return undefined;
  const fault = socket.authorized ? undefined : String(socket.authorizationError);
  const certificate = {
    fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(),
    names: [...commonNameIn(shown), ...alternativeNamesIn(shown.subjectAltName)],
    fault,
    expiresAt: shown.validToDate.getTime(),
  };
  known.set(socket, certificate);
  return certificate;
}

/** A subject with more than one common name has none: which of them would be meant? */
function commonNameIn(certificate: X509Certificate): CertificateName[] {
  const { CN: name } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  return typeof name === 'string' ? [`cn:${name}`] : [];
}

/** One name, as Node writes them: in quotes, as JSON, where a character of it could end it (CVE-2021-44532). */
const ALTERNATIVE = /([A-Za-z][\w ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
const kinds: Readonly<Record<string, 'dns' | 'uri' | 'email'>> = { DNS: 'dns', URI: 'uri', email: 'email' };

/** What is not understood to its end is no name at all. */
export function alternativeNamesIn(text: string | undefined): CertificateName[] {
  if (!text) return [];
  const names: CertificateName[] = [];
  ALTERNATIVE.lastIndex = 0;
  while (ALTERNATIVE.lastIndex < text.length) {
    const found = ALTERNATIVE.exec(text);
    if (!found) return [];
    const [, label = '', written = ''] = found;
    const kind = kinds[label];
    if (kind) names.push(`${kind}:${unquoted(written)}`);
  }
  return names;
}

function unquoted(written: string): string {
  return written.startsWith('"') ? (JSON.parse(written) as string) : written;
}
