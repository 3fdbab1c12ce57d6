import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { buffer, json } from 'node:stream/consumers';
import { connect, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { once } from 'node:events';
import { openssl, type OpensslResult } from '#testing';

interface SecureAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
}

interface SecureCall extends RequestOptions {
  body?: unknown;
}

/** One request on a connection of its own. */
export async function secureRequest(
  url: string,
  { body, headers, ...options }: SecureCall,
): Promise<SecureAnswer> {
  const sent = request(url, {
    agent: false,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    method: body === undefined ? 'GET' : 'POST',
    ...options,
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [
    NodeJS.ReadableStream & { statusCode: number; headers: SecureAnswer['headers'] },
  ];
  const parsed = (await json(response).catch(() => ({}))) as SecureAnswer['body'];
  return { status: response.statusCode, headers: response.headers, body: parsed };
}

/** As `fetch`, on a connection of its own, whose handshake is told what to show and whom to believe. */
export async function secureFetch(
  url: URL,
  { body, method, headers }: { method: string; headers: Record<string, string>; body?: string | Uint8Array },
  tls: ConnectionOptions,
): Promise<Response> {
  const sent = request(url, { agent: false, method, headers, ...tls }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const read = new Uint8Array(await buffer(response));
  return new Response(read, {
    status: response.statusCode!,
    headers: new Headers(response.headers as never),
  });
}

/** The certificate that a listener shows. */
export async function shownCertificate(
  url: string,
  options: ConnectionOptions = {},
): Promise<PeerCertificate> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerCertificate();
  socket.destroy();
  return shown;
}

/** What OpenSSL's client says of a handshake with these options. */
export function sClient(url: string, options: readonly string[]): Promise<OpensslResult> {
  return openssl(['s_client', '-connect', new URL(url).host, ...options]);
}
