import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { TcpClient, WebSocketClient, type SocketClient, type Told } from '../../support/socket-client.ts';
import { checkMessage, checkResponse, fail } from '../answer-checks.ts';
import { json, jsonOf } from '../arbitraries/json.ts';
import { checkAlive } from '../client.ts';
import { HANG_MS, REQUEST_TIMEOUT_MS, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';
import { checkLeft } from '../raw-socket.ts';

type Kind =
  'call' | 'modern' | 'cancel' | 'subscribe' | 'listen' | 'initialize' | 'respond' | 'drop' | 'ping';

/** One thing that is done on one of the connections, while all before it may still be under way. */
interface Step {
  readonly kind: Kind;
  readonly connection: number;
  readonly tool: string;
  /** How it answers what it is asked from now on. */
  readonly manner: 'well' | 'badly' | 'never' | 'twice';
  readonly pauseMs: number;
  readonly stray: unknown;
}

const anyStep = fc.record<Step>({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Kind>('call', 'modern') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Kind>(
        'cancel',
        'subscribe',
        'listen',
        'initialize',
        'respond',
        'drop',
        'ping',
      ),
    },
  ),
  connection: fc.nat({ max: 3 }),
  tool: fc.constantFrom('echo', 'echo', 'wait', 'ask', 'crash_later', 'later'),
  manner: fc.constantFrom('well', 'well', 'badly', 'never', 'twice'),
  pauseMs: fc.oneof(fc.constant(0), fc.nat({ max: 4 })),
  stray: json,
});

const LEGACY = '2025-11-25';
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
};
const GOOD = { action: 'accept', content: { name: 'Ann' } };

/** A connection, what it has asked, and what it was told. Its name is in all that it asks. */
class Line {
  manner: Step['manner'] = 'well';
  readonly #house: FuzzHouse;
  readonly #name: string;
  readonly #door: 'ws' | 'tcp';
  readonly #who: 'service' | 'other';
  #client!: SocketClient;
  #count = 0;
  /** What has to be answered, by its id. */
  readonly #asked = new Map<string, string>();
  readonly #loose = new Set<string>();
  readonly #answered = new Map<string, Told>();
  #lastId = 'none';

  constructor(house: FuzzHouse, name: string, [door, who]: readonly ['ws' | 'tcp', 'service' | 'other']) {
    this.#house = house;
    this.#name = name;
    this.#door = door;
    this.#who = who;
  }

  async open(faults: unknown[]): Promise<void> {
    const key = this.#house.credentials[this.#who]!.replace('Bearer ', '');
    this.#client =
      this.#door === 'ws'
        ? await WebSocketClient.open(this.#house.webSocketUrl.href, { key })
        : await overTcp(this.#house.tcpPort, key);
    this.#client.onTold = (told) => {
      try {
        this.#hear(told);
      } catch (fault) {
        faults.push(fault);
      }
    };
    this.#initialize();
  }

  async take({ kind, tool, manner, stray }: Step, faults: unknown[]): Promise<void> {
    this.manner = manner;
    if (kind === 'call') this.#call(tool, {});
    else if (kind === 'modern') this.#call(tool, META);
    else if (kind === 'ping') this.#ask('ping', {});
    else if (kind === 'initialize') this.#initialize();
    else if (kind === 'subscribe') this.#ask('resources/subscribe', { uri: 'fuzz://rules' });
    else if (kind === 'listen')
      this.#loose.add(this.#ask('subscriptions/listen', { notifications: {}, _meta: META }));
    else if (kind === 'respond') this.#send({ id: 'ask-1', result: stray });
    else if (kind === 'cancel') {
      this.#loose.add(this.#lastId);
      this.#send({ method: 'notifications/cancelled', params: { requestId: this.#lastId } });
    } else {
      this.#client.vanish();
      await this.#client.over;
      this.#asked.clear();
      await this.open(faults);
    }
  }

  /** Throws where something that was asked is not answered in time, and hears what comes right behind. */
  async finish(): Promise<void> {
    await this.#answers();
    this.#ask('tools/call', { name: 'nothing' });
    await this.#answers();
  }

  async #answers(): Promise<void> {
    const limit = performance.now() + HANG_MS;
    const open = () => [...this.#asked].filter(([id]) => !this.#answered.has(id) && !this.#loose.has(id));
    while (open().length > 0) {
      if (this.#client.ended) fail('is missing: the connection has ended', open());
      if (performance.now() > limit) fail(`has not come within ${HANG_MS} ms`, open());
      await sleep(1);
    }
  }

  async close(): Promise<void> {
    this.#client.drop();
    await this.#client.over;
  }

  #hear(told: Told): void {
    checkMessage(told);
    const { id, method } = told;
    if (method === 'elicitation/create') return this.#answer(id);
    if (method !== undefined || id === undefined) return;
    const asked = this.#asked.get(String(id));
    if (!String(id).startsWith(this.#name) || (asked === undefined && !this.#answered.has(String(id))))
      fail('is to another, or to nothing', { told, by: this.#name });
    if (this.#answered.has(String(id))) fail('came twice', told);
    this.#answered.set(String(id), told);
    checkResponse(told, { id: String(id), method: asked?.split(' ')[0], silent: false });
    const text = JSON.stringify(told.result?.['structuredContent'] ?? '');
    if (
      asked === 'tools/call echo' &&
      told.result?.['isError'] !== true &&
      told.result &&
      !text.includes(`"${String(id)}"`)
    )
      fail('is that to another call', told);
  }

  #answer(id: Told['id']): void {
    if (this.manner === 'never') return;
    const result = this.manner === 'badly' ? { action: 'accept', content: 5 } : GOOD;
    this.#send({ id, result });
    if (this.manner === 'twice') this.#send({ id, result });
  }

  #initialize(): void {
    const clientInfo = { name: 'fuzz', version: '1' };
    this.#ask('initialize', { protocolVersion: LEGACY, capabilities: { elicitation: {} }, clientInfo });
  }

  #call(name: string, meta: object): void {
    const id = this.#nextId();
    const input =
      name === 'wait' || name === 'later' ? { ms: 5 } : name === 'crash_later' ? {} : { text: id };
    const more = { ...meta, progressToken: id };
    this.#ask('tools/call', { name, arguments: input, _meta: more }, id);
  }

  #ask(method: string, params: object, id = this.#nextId()): string {
    this.#lastId = id;
    this.#asked.set(id, 'name' in params ? `${method} ${String(params.name)}` : method);
    this.#send({ id, method, params });
    return id;
  }

  #nextId(): string {
    return `${this.#name}-${++this.#count}`;
  }

  #send(message: object): void {
    this.#client.send(jsonOf({ jsonrpc: '2.0', ...message }));
  }
}

/** On a machine that has much to do, the time to say who it is may be over. */
async function overTcp(port: number, key: string): Promise<SocketClient> {
  const begin = performance.now();
  try {
    return await TcpClient.open(port, key);
  } catch (error) {
    if (performance.now() - begin < REQUEST_TIMEOUT_MS) throw error;
    return overTcp(port, key);
  }
}

/** Connections of both doors and of two clients, with all that goes on on them at once. */
export const socketSteps = property({
  name: 'sockets/steps',
  what: 'whatever clients do on their connections at once, each call has one answer and one record, and nobody hears another',
  runs: 25,
  arbitrary: fc.array(anyStep, { minLength: 1, maxLength: 16 }),
  async check(steps, house) {
    const lines = (
      [
        ['ws', 'service'],
        ['tcp', 'service'],
        ['ws', 'other'],
        ['tcp', 'other'],
      ] as const
    ).map((whose, index) => new Line(house, `line ${index}`, whose));
    const faults: unknown[] = [];
    await Promise.all(lines.map((line) => line.open(faults)));
    for (const step of steps) {
      await lines[step.connection]!.take(step, faults);
      if (step.pauseMs > 0) await sleep(step.pauseMs);
    }
    const finished = await Promise.allSettled(lines.map((line) => line.finish()));
    await Promise.all(lines.map((line) => line.close()));
    for (const one of finished) if (one.status === 'rejected') faults.push(one.reason);
    if (faults.length > 0) throw faults[0];
    await Promise.all([checkLeft(house, 'ws'), checkLeft(house, 'tcp')]);
    await house.watch.quiet(HANG_MS);
    house.watch.check();
    await checkAlive(house);
  },
});
