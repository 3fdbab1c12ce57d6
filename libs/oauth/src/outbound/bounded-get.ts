import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { addressesOf } from './public-names.ts';
import { isLoopback, isPublic } from './special-addresses.ts';

export interface GetOptions {
  /** From the first byte out to the last byte in. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Where it may go: to what the operator has named, or to what a stranger has. */
  readonly to: 'anywhere' | 'public' | 'public-or-loopback';
  /** Ends it earlier. */
  readonly signal?: AbortSignal;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * A GET that is bounded in time and size, follows no redirect, and goes nowhere that it may not: the addresses that it
 * connects to are the very ones that were checked, so that a name can't mean one thing now and another then (DNS
 * rebinding). TLS everywhere but on this machine.
 * @throws Error
 */
export async function boundedGet(url: URL, options: GetOptions): Promise<Got> {
  const { timeoutMs, maxBytes, to } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const clear = url.protocol === 'http:' && to !== 'public' && (isLoopback(host) || host === 'localhost');
  if (url.protocol !== 'https:' && !clear) throw new Error('Only https is fetched');
  if (isIP(host) !== 0 && !mayConnect(host, to))
    throw new Error('The address is not one that may be fetched from');
  const send = clear ? requestHttp : requestHttps;
  const settings: RequestOptions = {
    method: 'GET',
    headers: { accept: 'application/json', 'accept-encoding': 'identity', connection: 'close' },
    agent: false,
    lookup: checkedLookup(to),
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(options.signal ? [options.signal] : [])]),
    maxHeaderSize: 8192,
  };
  const request = send(url, settings).end();
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const body = await collect(response, maxBytes);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } finally {
    // What fails after that is nobody's any more.
    request.on('error', () => undefined).destroy();
  }
}

function mayConnect(address: string, to: GetOptions['to']): boolean {
  if (to === 'anywhere' || isPublic(address)) return true;
  return to === 'public-or-loopback' && isLoopback(address);
}

/** Of a name with several addresses, one that may not be fetched from forbids them all. */
function checkedLookup(to: GetOptions['to']): LookupFunction {
  const find = callbackify(to === 'anywhere' ? (name: string) => lookup(name, { all: true }) : addressesOf);
  return (hostname, options, callback) => {
    find(hostname, (error, addresses) => {
      const forbidden = addresses?.some(({ address }) => !mayConnect(address, to));
      const fault =
        error ??
        (forbidden || !addresses[0]
          ? new Error('The name leads to an address that may not be fetched from')
          : null);
      if (fault) callback(fault, '', 4);
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`The answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
