import type { AuditRecord } from './audit-records.ts';
import { LEGACY, MODERN, type Answer } from './gateway-client.ts';
import type { SocketDoorName } from './socket-transport.ts';

/** One way in over HTTP, for tests that write the body of a call themselves. */
export interface Door {
  readonly name: string;
  readonly kind: 'rest' | 'mcp';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body that carries this JSON text as the input of an ingestion. */
  body(input: string): string;
}

function mcp(revision: string): Door {
  const modern = revision === MODERN;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const envelope = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'ingest_conversation', arguments: 0, ...(modern && { _meta: meta }) },
  });
  return {
    name: `MCP ${revision}`,
    kind: 'mcp',
    path: '/mcp',
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      ...(modern && { 'mcp-method': 'tools/call', 'mcp-name': 'ingest_conversation' }),
    },
    body: (input) => envelope.replace('"arguments":0', () => `"arguments":${input}`),
  };
}

export const doors: readonly Door[] = [
  { name: 'REST', kind: 'rest', path: '/conversations/ingest', headers: {}, body: (input) => input },
  mcp(MODERN),
  mcp(LEGACY),
];

/** One way in where a connection lasts, in one era. */
export interface LastingDoor {
  readonly name: string;
  readonly door: SocketDoorName;
  readonly revision: string;
  body(input: string): string;
}

export const lastingDoors: readonly LastingDoor[] = (['ws', 'tcp'] as const).flatMap((door) =>
  [MODERN, LEGACY].map((revision) => ({
    name: `${door} ${revision}`,
    door,
    revision,
    body: (input: string) => mcp(revision).body(input),
  })),
);

/** The code of an error, wherever the door puts it. */
export function codeOf({ body }: Answer): string | undefined {
  const { code, error, result } = body as {
    code?: string;
    error?: { data?: { code?: string } };
    result?: { _meta?: { 'gatehouse/error'?: { code: string } } };
  };
  return code ?? error?.data?.code ?? result?.['_meta']?.['gatehouse/error']?.code;
}

/** What an answer and its record say of how the call ended. */
export function endOf(answer: Answer | undefined, record: AuditRecord | undefined) {
  return { status: answer?.status, code: answer && codeOf(answer), recorded: record?.code };
}
