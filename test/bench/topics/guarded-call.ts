import { Child } from '../child.ts';
import { loadOf, median, type Load } from '../load.ts';
import type { Figure, Measured } from '../report.ts';

const REVISION = '2026-07-28';
const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'echo',
    arguments: { text: 'All that is gold does not glitter' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});
const mcpHeaders = { 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
const servers = ['bare-nest', 'official-sdk', 'gatehouse'] as const;
type Server = (typeof servers)[number];

/**
 * tools/call of an echo tool through the whole pipeline (key, every limit counted, role, schema, strict audit), against
 * the official SDK's server without any of that and a bare Nest+Fastify route. Rounds are interleaved, medians taken.
 */
export async function guardedCall({
  rounds,
  seconds,
}: {
  rounds: number;
  seconds: number;
}): Promise<Measured> {
  const children = new Map<Server, Child>();
  const loads = new Map<Server, Load[]>(servers.map((server) => [server, []]));
  try {
    for (const server of servers) children.set(server, await Child.start(server));
    for (let round = -1; round < rounds; round++) {
      for (const [server, { port, headers }] of children) {
        const load = await loadOf({
          port,
          body,
          headers: { ...mcpHeaders, ...headers },
          connections: 32,
          seconds,
        });
        if (round >= 0) loads.get(server)!.push(load); // The first round warms up.
      }
    }
    const figures = servers.map((server): Figure => {
      return {
        who: server,
        ...summary(loads.get(server)!),
        peakMemoryMb: children.get(server)!.peakMemoryMb,
      };
    });
    return { figures, rows: rowsOf(figures) };
  } finally {
    await Promise.all([...children.values()].map((child) => child.stop()));
  }
}

function summary(loads: readonly Load[]) {
  return {
    requestsPerSecond: Math.round(median(loads.map((load) => load.requestsPerSecond))),
    p50Ms: median(loads.map((load) => load.p50)),
    p99Ms: median(loads.map((load) => load.p99)),
  };
}

function rowsOf(figures: readonly Figure[]): Measured['rows'] {
  const rate = (who: Server) => Number(figures.find((figure) => figure.who === who)!['requestsPerSecond']);
  const against = (who: Server, least: number) => {
    const ratio = Math.round((rate('gatehouse') / rate(who)) * 100) / 100;
    return {
      name: `guarded-call/vs-${who}`,
      value: rate('gatehouse'),
      unit: 'requests/s',
      baseline: rate(who),
      ratio,
      goal: `>= ${least} x`,
      ok: ratio >= least,
    };
  };
  return [against('official-sdk', 2.5), against('bare-nest', 0.45)];
}
