import type { FastifyRequest } from 'fastify';
import { Call } from '#call';
import type { CertificateEvidence } from '../tls/certificate-evidence.ts';
import { clientAddress } from './client-address.ts';

/** A target is a name in a record, not a payload. */
const MAX_TARGET_LENGTH = 256;

/** The call of a request, before anything has looked at it. `certificates`: of those who may be a client by one. */
export function openCall(
  request: FastifyRequest,
  { certificates }: { certificates?: Pick<CertificateEvidence, 'ofRequest'> },
): Call {
  const { config, url } = request.routeOptions;
  const call = new Call({
    door: config.door ?? 'rest',
    address: clientAddress(request),
    authorization: request.headers.authorization,
    clientCertificate: certificates?.ofRequest(request.raw.socket, request.headers),
  });
  // The route's pattern where there is one: a path may hold a person's data, and a query string a secret.
  const path = url ?? pathOf(request);
  call.target = `${request.method} ${path.slice(0, MAX_TARGET_LENGTH)}`;
  return call;
}

export function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}
