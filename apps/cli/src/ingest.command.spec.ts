import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { ConversationSender } from './ingest/conversation-sender.ts';
import { IngestRun, type Summary } from './ingest/ingest-run.ts';
import { IngestState, stateFolder } from './ingest/ingest-state.ts';
import { JsonLines } from './ingest/json-lines.ts';

type Body = Record<string, unknown>;
type Reply = (response: ServerResponse, body: Body) => void;

const takes: Reply = (response) => void response.writeHead(201).end('{"chunks_created":2}');
const says = (status: number, answer: unknown = {}, headers = {}): Reply => {
  return (response) => void response.writeHead(status, headers).end(JSON.stringify(answer));
};

let reply: Reply = takes;
let received: Body[] = [];
const server = createServer((request, response) => void serve(request, response));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await json(request)) as Body;
  received.push(body);
  reply(response, body);
}

let folder: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  reply = takes;
  received = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(...lines: (object | string)[]): string {
  const path = join(folder, 'conversations.jsonl');
  writeFileSync(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

function conversations(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    conversation_id: `c${i + 1}`,
    messages: [{ text: 'Hello' }],
  }));
}

async function ingest(path: string, signal = new AbortController().signal): Promise<Summary> {
  const lines = await JsonLines.open(path);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state = IngestState.open(stateFolder(folder), [lines.digest, url]);
  const client = new ApiClient({ url }, { GATEHOUSE_API_KEY: 'k'.repeat(32) });
  const run = new IngestRun(lines, state, new ConversationSender(client, signal, () => undefined));
  try {
    await run.work({ concurrency: 4, signal, onProgress: () => undefined });
  } finally {
    Object.assign(last, run.summary);
  }
  return run.summary;
}
/** Of the last run, also of one that has thrown. */
const last = {} as Summary;

describe('gatehouse ingest', () => {
  it('sends each line, as it is', async () => {
    expect(await ingest(file(...conversations(20)))).toMatchObject({
      lines: 20,
      ingested: 20,
      left: 0,
      chunks: 40,
    });
    expect(received).toHaveLength(20);
    expect(received).toEqual(expect.arrayContaining(conversations(20)));
  });

  it('gives a line without an id the same one each time', async () => {
    const path = file({ messages: [{ text: 'Hello' }] });
    await ingest(path);
    rmSync(stateFolder(folder), { recursive: true });
    await ingest(path);
    expect(received[0]).toMatchObject({
      conversation_id: expect.stringMatching(/^line-[0-9a-f]{32}$/) as string,
    });
    expect(received[1]).toEqual(received[0]);
  });

  it('tells the number of each bad line, and takes the others', async () => {
    const [first, second] = conversations(2) as [object, object];
    reply = (response, { conversation_id: id }) =>
      id === 'c2'
        ? says(400, {
            error: 'The input does not fit',
            details: { faults: [{ path: '/url', message: 'must be http' }] },
          })(response, {})
        : takes(response, {});
    const summary = await ingest(
      file(`\uFEFF${JSON.stringify(first)}`, '', '{"messages":', '[1]', second, '   '),
    );
    expect(summary).toMatchObject({ lines: 4, ingested: 1, failed: 3, left: 0 });
    expect(summary.failures.toSorted((a, b) => a.line - b.line)).toEqual([
      { line: 3, error: 'not JSON' },
      { line: 4, error: 'not a JSON object' },
      { line: 5, error: 'The input does not fit: /url must be http' },
    ]);
  });

  it('waits as long as it is told to', async () => {
    const started = Date.now();
    reply = (response, body) =>
      Date.now() - started < 900
        ? says(429, {}, { 'retry-after': '1' })(response, body)
        : takes(response, body);
    expect(await ingest(file(...conversations(8)))).toMatchObject({ ingested: 8, failed: 0 });
    expect(received.length).toBeLessThanOrEqual(8 + 4);
  });

  it('tries again when the gateway stumbles', async () => {
    let stumbles = 2;
    reply = (response, body) => {
      if (stumbles-- > 0) response.destroy();
      else takes(response, body);
    };
    expect(await ingest(file(...conversations(1)))).toMatchObject({ ingested: 1, failed: 0 });
  });

  it('stops at a key that is not accepted, and goes on from there with another', async () => {
    const path = file(...conversations(30));
    reply = (response, body) =>
      (received.length > 10 ? says(401, { error: 'Invalid API key' }) : takes)(response, body);
    const refused = ingest(path);
    await expect(refused).rejects.toThrow(CommandError);
    await expect(refused).rejects.toThrow('Invalid API key');
    expect(last).toMatchObject({ ingested: 10, failed: 0, left: 20 });

    reply = takes;
    received = [];
    expect(await ingest(path)).toMatchObject({ ingested: 20, skipped: 10, left: 0 });
    expect(received).toHaveLength(20);
  });

  it('sends all of a file that has changed', async () => {
    await ingest(file(...conversations(3)));
    expect(await ingest(file(...conversations(4)))).toMatchObject({ ingested: 4, skipped: 0 });
  });

  it('stops when the user does', async () => {
    const stop = new AbortController();
    reply = (response, body) => {
      if (received.length === 5) stop.abort();
      takes(response, body);
    };
    const summary = await ingest(file(...conversations(50)), stop.signal);
    expect(summary.left).toBeGreaterThan(40);
    expect(summary.ingested + summary.left).toBe(50);
  });

  it('says what is wrong with a file that is not there', async () => {
    await expect(JsonLines.open(join(folder, 'nowhere'))).rejects.toThrow("can't be read (ENOENT)");
    await expect(JsonLines.open(folder)).rejects.toThrow("can't be read (EISDIR)");
  });

  it('works where nothing can be remembered', () => {
    writeFileSync(join(folder, 'taken'), '');
    const state = IngestState.open(join(folder, 'taken', 'state'), ['a']);
    state.add(1);
    expect(state.has(1)).toBe(true);
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it('does not mistake half a number for another line', () => {
    const state = IngestState.open(folder, ['a']);
    state.add(7);
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), '7\n12');
    const again = IngestState.open(folder, ['a']);
    expect([again.has(7), again.has(12), again.has(1)]).toEqual([true, false, false]);
  });
});
