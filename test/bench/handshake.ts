import type { Connection } from './connection.ts';
import { requestOf } from './load.ts';

export const LEGACY = '2025-11-25';

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 'handshake',
  method: 'initialize',
  params: {
    protocolVersion: LEGACY,
    capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
    clientInfo: { name: 'bench', version: '1' },
  },
});
const INITIALIZED = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });

/** Where, and with what headers, a client of 2025 speaks. */
export interface Speaker {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The handshake of a client of 2025. Returns the headers of all that follows it: with a session, where it opened one. */
export async function shakeHands(
  by: Connection,
  { port, headers }: Speaker,
): Promise<Record<string, string>> {
  const revision = { ...headers, 'mcp-protocol-version': LEGACY };
  const answer = await exchange(by, requestOf({ port, headers: revision, body: INITIALIZE }));
  const id = /\r\nmcp-session-id: (\S+)/i.exec(answer)?.[1];
  const following = { ...revision, ...(id !== undefined && { 'mcp-session-id': id }) };
  await exchange(by, requestOf({ port, headers: following, body: INITIALIZED }));
  return following;
}

/** The answer as text. Throws when it is not a good one. */
export async function exchange(by: Connection, request: Buffer): Promise<string> {
  const answer = (await by.exchange(request)).toString('latin1');
  if (!/^HTTP\/1\.1 20\d /.test(answer)) throw new Error(`It was answered: ${answer.slice(0, 600)}`);
  return answer;
}
