import { Child } from './child.ts';
import { Connection } from './connection.ts';
import { shakeHands } from './handshake.ts';
import { loadOf, median, type Load } from './load.ts';

export const MODERN = '2026-07-28';
/** In every answer to the call. */
export const SAYS = 'All that is gold does not glitter';

/** One server that is measured beside others. */
export interface Contender {
  readonly who: string;
  /** Of `servers/`. */
  readonly server: string;
  readonly env?: Record<string, string>;
}

export interface Rounds {
  readonly topic: string;
  readonly contenders: readonly Contender[];
  readonly connections: readonly number[];
  /** The revision that all are spoken to in. To 2025 belongs one session for all connections, where there are sessions. */
  readonly revision: string;
  readonly rounds: number;
  /** Of one load. */
  readonly seconds: number;
}

/** One contender under one number of connections: medians over the rounds. */
export interface Score extends Load {
  readonly who: string;
  readonly connections: number;
  /** Processor time that the server used for one request, over all its threads, in microseconds. */
  readonly cpuUs: number;
}

type Measured = Load & { readonly cpuUs: number };

/**
 * Calls an echo tool of all contenders in turns, so that a noisy machine is as noisy for all. A first round warms up and
 * does not count.
 */
export async function scoresOf(options: Rounds): Promise<Score[]> {
  const { topic, contenders, connections, rounds, seconds, revision } = options;
  const children: Child[] = [];
  const running = new Map<string, { child: Child; call: EchoCall }>();
  const loads = new Map<string, Measured[]>();
  try {
    for (const { who, server, env } of contenders) {
      const child = await Child.start(server, env);
      children.push(child);
      running.set(who, { child, call: await callOf(child, revision) });
    }
    for (let round = 0; round <= rounds; round++) {
      process.stderr.write(`${topic}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}\n`);
      for (const count of connections) {
        for (const [who, one] of running) {
          const load = await measured({ ...one, connections: count, seconds });
          const key = `${who} ${count}`;
          if (round > 0) loads.set(key, [...(loads.get(key) ?? []), load]);
        }
      }
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
  return connections.flatMap((count) =>
    contenders.map(({ who }) => ({ who, connections: count, ...medians(loads.get(`${who} ${count}`)!) })),
  );
}

interface Measuring {
  readonly child: Child;
  readonly call: EchoCall;
  readonly connections: number;
  readonly seconds: number;
}

async function measured({ child, call, connections, seconds }: Measuring): Promise<Measured> {
  const before = child.cpuSeconds;
  const load = await loadOf({ port: child.port, ...call, expected: SAYS, connections, seconds });
  return { ...load, cpuUs: ((child.cpuSeconds - before) / load.requests) * 1e6 };
}

/** How a server is called: with its credential, and in its session. */
async function callOf({ port, headers }: Child, revision: string): Promise<EchoCall> {
  const call = echoCall(revision);
  if (revision === MODERN) return { ...call, headers: { ...call.headers, ...headers } };
  const connection = await Connection.open(port);
  try {
    return { ...call, headers: await shakeHands(connection, { port, headers }) };
  } finally {
    connection.close();
  }
}

export interface EchoCall {
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyOf: (id: number) => string;
}

/** tools/call of the echo tool, in the words of a revision. */
export function echoCall(revision: string): EchoCall {
  const modern = revision === MODERN;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'echo', arguments: { text: SAYS }, ...(modern && { _meta: meta }) };
  const headers = modern && { 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  return {
    headers: { 'mcp-protocol-version': revision, ...headers },
    bodyOf: (id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
  };
}

function medians(loads: readonly Measured[]): Measured {
  const of = (key: keyof Measured) => median(loads.map((load) => load[key]));
  return {
    requests: of('requests'),
    requestsPerSecond: of('requestsPerSecond'),
    p50: of('p50'),
    p99: of('p99'),
    cpuUs: of('cpuUs'),
  };
}
