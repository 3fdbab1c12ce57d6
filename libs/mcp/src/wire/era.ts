import { GatehouseError, InvalidInput } from '#errors';
import type { Message } from './message.ts';
import { HeaderMismatch, type HeaderReader } from './mirrored-headers.ts';
import { serverInfo } from './server-info.ts';

/** `modern`: each request says all about itself. `legacy`: an `initialize` handshake comes first. */
export type EraName = 'modern' | 'legacy';

/** How one request is to be read and answered (MCP 2026-07-28, "Versioning and Compatibility"). */
export interface Era {
  readonly name: EraName;
  readonly revision: string;
  /** What ends the JSON text of a complete result, its last brace included. */
  readonly closing: string;
}

export const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
export const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';
/** The extension that lets a tool answer later. */
export const TASKS = 'io.modelcontextprotocol/tasks';
export const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

export const modernEra: Era = {
  name: 'modern',
  revision: '2026-07-28',
  closing: `,"resultType":"complete","_meta":${JSON.stringify({ [SERVER_INFO]: serverInfo })}}`,
};

const legacyEras: readonly Era[] = ['2025-11-25', '2025-06-18', '2025-03-26'].map((revision) => ({
  name: 'legacy',
  revision,
  closing: '}',
}));

const eras = new Map([modernEra, ...legacyEras].map((era) => [era.revision, era]));

/** The revisions that are spoken here, newest first. */
export const revisions: readonly string[] = [...eras.keys()];

/** What an old client gets that asks for a revision of its own: the newest that has a handshake. */
export const newestLegacy = legacyEras[0] as Era;

/** A client that sends no MCP-Protocol-Version is older than that header (MCP 2025-11-25, "Transports"). */
const beforeTheHeader = legacyEras.at(-1) as Era;

/** The era of a revision; undefined for one that is not spoken here. */
export function eraNamed(revision: unknown): Era | undefined {
  return typeof revision === 'string' ? eras.get(revision) : undefined;
}

/**
 * The era of one message, from what it says of itself; a header is only ever compared with it. Throws
 * PROTOCOL_VERSION_UNSUPPORTED, HEADER_MISMATCH, or INVALID_INPUT where a modern request does not say all that it must.
 */
export function eraOf(message: Message, header: HeaderReader | undefined): Era {
  const named = header?.('mcp-protocol-version');
  const claimed = message.meta?.[PROTOCOL_VERSION];
  if (claimed !== undefined) return claimedEra(message, claimed, named, header !== undefined);
  if (message.method === 'initialize') return handshakeEra(named);
  const era = named === undefined ? beforeTheHeader : supported(named);
  if (era.name === 'modern' && message.id !== undefined) throw missing(PROTOCOL_VERSION);
  return era;
}

/** The handshake settles the revision: a header that names one already can't, unless it is one without a handshake. */
function handshakeEra(named: string | undefined): Era {
  if (eraNamed(named)?.name !== 'modern') return newestLegacy;
  throw new HeaderMismatch('MCP-Protocol-Version', 'that revision has no initialize');
}

function claimedEra(message: Message, claimed: unknown, named: string | undefined, onHttp: boolean): Era {
  if (typeof claimed !== 'string') throw missing(PROTOCOL_VERSION);
  if (named !== undefined && named !== claimed) {
    throw new HeaderMismatch('MCP-Protocol-Version', `_meta names ${JSON.stringify(claimed.slice(0, 32))}`);
  }
  const era = supported(claimed);
  if (era.name === 'legacy' || message.id === undefined) return era;
  if (onHttp && named === undefined) throw new HeaderMismatch('MCP-Protocol-Version', 'it is missing');
  const capabilities = message.meta?.[CLIENT_CAPABILITIES];
  if (typeof capabilities !== 'object' || capabilities === null) throw missing(CLIENT_CAPABILITIES);
  return era;
}

function supported(revision: string): Era {
  const era = eras.get(revision);
  if (era) return era;
  throw new GatehouseError('PROTOCOL_VERSION_UNSUPPORTED', 'Unsupported protocol version', {
    details: { supported: revisions, requested: revision.slice(0, 32) },
  });
}

function missing(key: string): InvalidInput {
  const path = `/params/_meta/${key.replace('/', '~1')}`;
  return new InvalidInput(`The request's _meta lacks ${key}`, [{ path, message: 'is required' }]);
}
