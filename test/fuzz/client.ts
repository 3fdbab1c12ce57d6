import { request, type IncomingMessage } from 'node:http';
import { HANG_MS, type FuzzHouse } from './house/open-house.ts';

export interface Exchange {
  readonly status: number;
  readonly callId: string | undefined;
  readonly sessionId: string | undefined;
  /** Of an answer that is no stream. */
  readonly body: string;
  /** The data of each event of a stream, in order; the empty ones left out. */
  readonly events: readonly string[];
  /** Of the last event that has one. */
  readonly lastEventId: string | undefined;
  /** The connection ended as HTTP says; not, where we have left. */
  readonly complete: boolean;
}

export interface SendOptions {
  readonly method?: 'POST' | 'GET' | 'DELETE';
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Leaves so many milliseconds after the answer has begun. */
  readonly leaveAfterMs?: number | undefined;
  /** Leaves so soon, whatever has come. */
  readonly dropAfterMs?: number | undefined;
  /** Is told each event when it comes. */
  readonly onEvent?: (data: string) => void;
}

/** One HTTP exchange at /mcp. Rejects where no answer comes in time; resolves to nothing where we left before it. */
export function send(house: FuzzHouse, options: SendOptions): Promise<Exchange | undefined> {
  const { method = 'POST', headers = {}, body, dropAfterMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Exchange | undefined>();
  const out = request(new URL('/mcp', house.url), {
    method,
    agent: house.agent,
    headers: {
      accept: 'application/json, text/event-stream',
      ...(method === 'POST' && { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  let left = false;
  const leave = () => {
    left = true;
    out.destroy();
    resolve(undefined);
  };
  const hang = setTimeout(() => {
    out.destroy();
    reject(new Error(`No answer within ${HANG_MS} ms`));
  }, HANG_MS);
  const drop = dropAfterMs === undefined ? undefined : setTimeout(leave, dropAfterMs);
  out.once('error', (error) => {
    // A connection that was kept may be closed just as it is used again.
    if (left || out.reusedSocket) resolve(undefined);
    else reject(error);
  });
  out.once('response', (answer) => void read(answer, options).then(resolve, reject));
  out.once('close', () => {
    clearTimeout(hang);
    clearTimeout(drop);
  });
  out.end(body);
  return promise;
}

async function read(answer: IncomingMessage, { leaveAfterMs, onEvent }: SendOptions): Promise<Exchange> {
  const streams = answer.headers['content-type']?.startsWith('text/event-stream') ?? false;
  const timer = leaveAfterMs === undefined ? undefined : setTimeout(() => answer.destroy(), leaveAfterMs);
  const events: string[] = [];
  let lastEventId: string | undefined;
  let text = '';
  answer.setEncoding('utf8');
  try {
    for await (const chunk of answer) {
      text += String(chunk);
      if (!streams) continue;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        lastEventId = /^id: (.*)$/m.exec(part)?.[1] ?? lastEventId;
        const data = /^data: (.+)$/m.exec(part)?.[1];
        if (data === undefined) continue;
        events.push(data);
        onEvent?.(data);
      }
    }
  } catch {
    // We have left, or the server has: what it said until then counts.
  } finally {
    clearTimeout(timer);
  }
  return {
    status: answer.statusCode ?? 0,
    callId: answer.headers['x-correlation-id'] as string | undefined,
    sessionId: answer.headers['mcp-session-id'] as string | undefined,
    body: streams ? '' : text,
    events,
    lastEventId,
    complete: answer.complete,
  };
}

/** Throws where the gateway does not serve any more. */
export async function checkAlive(house: FuzzHouse): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'alive', method: 'ping' });
  const headers = { authorization: house.credentials.admin!, 'mcp-protocol-version': '2025-11-25' };
  let answer = await send(house, { body, headers });
  answer ??= await send(house, { body, headers });
  if (answer?.status !== 200) throw new Error(`The gateway is not well: ${answer?.status} ${answer?.body}`);
}
