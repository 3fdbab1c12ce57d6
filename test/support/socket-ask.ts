import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditRecord } from './audit-records.ts';
import type { TestGateway } from './gateway.ts';
import type { Answer, CallOptions } from './gateway-client.ts';
import { TcpClient, UpgradeRefused, WebSocketClient, type SocketClient, type Told } from './socket-client.ts';
import type { SocketDoorName } from './socket-transport.ts';

const LIMIT_MS = 20_000;

/** What a caller shows of himself: a key or none, headers that a proxy has written, a certificate. */
export type Shown = Pick<CallOptions, 'key' | 'headers' | 'tls'>;

/**
 * One message on a connection of its own, and what comes of it, in the form of an answer over HTTP: its status is the one
 * that is on record, and its correlation id stands in the error.
 */
export async function askOverSocket(
  gateway: TestGateway,
  { door, raw, ...shown }: Shown & { door: SocketDoorName; raw: string | Uint8Array },
): Promise<Answer> {
  let client: SocketClient;
  try {
    const opened = await opening(gateway, door, shown);
    if ('answer' in opened) return await answerOf(gateway, opened.answer);
    ({ client } = opened);
  } catch (error) {
    if (!(error instanceof UpgradeRefused)) throw error;
    return { status: error.status, headers: error.headers, body: JSON.parse(error.body) };
  }
  try {
    client.sendBytes(raw);
    return await answerOf(gateway, await next(client));
  } finally {
    client.drop();
  }
}

async function opening(
  { gateway }: TestGateway,
  door: SocketDoorName,
  { key = '', headers = {}, tls }: Shown,
): Promise<{ client: SocketClient } | { answer: Told }> {
  if (door === 'ws') {
    const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${gateway.webSocketPort}/ws`;
    const agent = tls && new Agent(tls);
    return { client: await WebSocketClient.open(url, { key, headers, ...(agent && { agent }) }) };
  }
  const client = await TcpClient.connect(gateway.tcpPort!, tls);
  const answer = await client.authenticate(key === '' ? undefined : key);
  client.told.length = 0;
  if (answer?.result) return { client };
  client.drop();
  return { answer: answer! };
}

async function next(client: SocketClient): Promise<Told> {
  for (const limit = Date.now() + LIMIT_MS; Date.now() < limit; await sleep(2)) {
    const told = client.told.find(({ method }) => method === undefined);
    if (told) return told;
    if (client.ended) break;
  }
  throw new Error(`No answer: ${JSON.stringify(client.told)}`);
}

async function answerOf(gateway: TestGateway, told: Told): Promise<Answer> {
  const id = idIn(told);
  const headers = new Headers(id === undefined ? {} : { 'x-correlation-id': id });
  const answer = { status: 0, headers, body: told };
  const record: AuditRecord | undefined = id === undefined ? undefined : await gateway.recordOf(answer);
  return { ...answer, status: (record?.['status'] as number | undefined) ?? 200 };
}

function idIn({ error, result }: Told): string | undefined {
  const meta = result?.['_meta'] as Record<string, Record<string, unknown>> | undefined;
  const data = error?.data ?? meta?.['gatehouse/error'];
  return data?.['correlation_id'] as string | undefined;
}
