import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayClient, LEGACY, MODERN } from '../support/gateway-client.ts';
import { TcpClient, UpgradeRefused, WebSocketClient, type SocketClient } from '../support/socket-client.ts';
import type { Tally } from './tally.ts';

const ANSWER_MS = 30_000;
/** Of one client, between two bursts: a load that a machine with other work bears for half an hour. */
const PAUSE_MS = 50;
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'soak', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

export interface Soaked {
  readonly key: string;
  readonly ports: { readonly http: number; readonly ws: number; readonly tcp: number };
  readonly tally: Tally;
  readonly isOver: () => boolean;
}

type Client = (soaked: Soaked) => Promise<void>;
type LastingDoor = 'ws' | 'tcp';

/** All that goes on at once, each until it is over. */
export const clients: readonly Client[] = [
  ...Array<Client>(3).fill(overHttp),
  ...(['ws', 'tcp'] as const).flatMap((door): Client[] => [
    ...Array<Client>(3).fill((soaked) => inBursts(soaked, door)),
    (soaked) => listening(soaked, door),
    (soaked) => asStranger(soaked, door),
  ]),
];

function opened({ key, ports }: Soaked, door: LastingDoor, token = key): Promise<SocketClient> {
  return door === 'ws'
    ? WebSocketClient.open(`ws://127.0.0.1:${ports.ws}/ws`, { key: token })
    : TcpClient.open(ports.tcp, token);
}

async function overHttp({ key, ports, tally, isOver }: Soaked): Promise<void> {
  const client = new GatewayClient(`http://127.0.0.1:${ports.http}`, key);
  for (let call = 0; !isOver(); call++) {
    const text = `call ${call}`;
    const revision = call % 3 === 1 ? MODERN : LEGACY;
    const isRest = call % 3 === 0;
    const { status } = isRest
      ? await client.rest('/echo', { body: { text } })
      : await client.tool('echo', { text }, { revision });
    if (status >= 300) tally.violation(`HTTP ${status} to a good call`);
    tally.answered[isRest ? 'rest' : 'mcp']++;
    await sleep(PAUSE_MS);
  }
}

/** Connects, calls in bursts, and goes, in one of the ways in which clients go. */
async function inBursts(soaked: Soaked, door: LastingDoor): Promise<void> {
  const { tally, isOver } = soaked;
  for (let round = 0; !isOver(); round++) {
    const client = await opened(soaked, door);
    tally.connections++;
    for (let burst = 0; burst < 10 && !isOver(); burst++) {
      const calls = Array.from({ length: 16 }, (_, call) => oneCall(client, call % 8, call));
      for (const answer of await Promise.all(calls)) {
        if (answer) tally.answered[door]++;
        else tally.violation(`A call over ${door} was not answered`);
      }
      await sleep(PAUSE_MS);
    }
    if (round % 2 === 0) client.drop();
    else client.vanish();
    await client.over;
  }
}

async function oneCall(client: SocketClient, kind: number, call: number): Promise<boolean> {
  const args = { name: 'echo', arguments: { text: `call ${call}` } };
  const answer =
    kind === 0
      ? client.request('tools/call', {
          name: 'talk',
          arguments: { count: 5 },
          _meta: { ...META, progressToken: call },
        })
      : kind === 1
        ? client.request('tools/call', { name: 'no_such_tool' })
        : kind === 2
          ? client.request('tools/call', { name: 'fill', arguments: { characters: 20_000 } })
          : client.request('tools/call', kind % 2 === 0 ? args : { ...args, _meta: META });
  const late = sleep(ANSWER_MS, undefined, { ref: false });
  return (await Promise.race([answer, late])) !== undefined;
}

async function listening(soaked: Soaked, door: LastingDoor): Promise<void> {
  while (!soaked.isOver()) {
    const client = await opened(soaked, door);
    client.send(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 'listen',
        method: 'subscriptions/listen',
        params: { notifications: { toolsListChanged: true }, _meta: META },
      }),
    );
    await Promise.race([sleep(3_000), client.over]);
    if (client.ended) soaked.tally.violation(`Whoever listens over ${door} was cut`);
    client.vanish();
    await client.over;
  }
}

/** Wrong tokens, rubbish, and silence. */
async function asStranger(soaked: Soaked, door: LastingDoor): Promise<void> {
  const { ports, tally, isOver } = soaked;
  while (!isOver()) {
    try {
      await opened(soaked, door, 'gk_wrong');
      tally.violation(`A wrong key got in at ${door}`);
    } catch (error) {
      const isRefusal = error instanceof UpgradeRefused || String(error).includes('Authentication failed');
      if (!isRefusal) tally.violation(`A stranger at ${door}: ${String(error)}`);
      tally.refused++;
    }
    const silent = connect({ host: '127.0.0.1', port: ports[door] }).resume();
    silent.on('error', () => undefined).write('{"half of a');
    await sleep(500);
    silent.destroy();
  }
}
