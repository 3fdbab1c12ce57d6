import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CallRecorder, Settlement, type Call } from '#call';
import { readConfig } from '#config';
import { throttleConfig } from '#throttle';
import { registerHttpDoor } from './http-door.ts';
import { CorsHeaders } from './cors-headers.ts';
import { OriginPolicy } from './origin-policy.ts';
import { ProtectedResourceMetadata } from './protected-resource.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Makes records while the client goes away. */
class Slow extends CallRecorder {
  readonly calls: WeakRef<Call>[] = [];

  override async record(call: Call): Promise<void> {
    this.calls.push(new WeakRef(call));
    await sleep(50);
  }
}

function isKept(call: WeakRef<Call> | undefined): boolean {
  collectGarbage();
  return call?.deref() !== undefined;
}

describe('the door', () => {
  let recorder: Slow;
  let app: FastifyInstance;
  let reached: boolean;
  beforeEach(async () => {
    reached = false;
    recorder = new Slow();
    app = fastify();
    registerHttpDoor(app, {
      settlement: new Settlement([recorder]),
      blocks: { find: () => undefined, refusalOf: () => undefined, absorbs: () => false },
      origins: new OriginPolicy({ allowed: [], host: '127.0.0.1' }),
      limits: readConfig(throttleConfig, {}),
      metadata: new ProtectedResourceMetadata(undefined),
      cors: new CorsHeaders([]),
      headers: {},
      timeoutMs: 60_000,
      isManagement: () => false,
    });
    app.post('/', async (request) => {
      reached = true;
      await sleep(20);
      request.call.input = request.body;
      return 'answer';
    });
    await app.listen();
  });
  afterEach(() => app.close());

  it.each([
    ['before it is answered', () => reached],
    ['while its record is made', () => recorder.calls.length > 0],
  ])('keeps nothing of a call whose client goes away %s', async (_, isSo) => {
    const body = '{"a":1}';
    const socket = connect((app.server.address() as AddressInfo).port);
    socket.write(
      `POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n${body}`,
    );
    await expect.poll(isSo, { interval: 1 }).toBe(true);
    socket.destroy();
    await expect.poll(() => recorder.calls.length).toBe(1);
    const [call] = recorder.calls;
    await expect.poll(() => isKept(call), { timeout: 20_000 }).toBe(false);
  });
});
