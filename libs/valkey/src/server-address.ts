import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '#config';
import type { ValkeySettings } from './valkey.config.ts';

/** Who we are to a server. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Where a server is, and who we are to it. In the terms of ioredis. */
export interface ServerAddress extends Credentials {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly tls?: ConnectionOptions;
}

/** What stands in the URL comes before VALKEY_USERNAME and VALKEY_PASSWORD: the two servers may have different ones. */
export function serverAddress(url: string, settings: ValkeySettings): ServerAddress {
  const { protocol, hostname, port, pathname, username, password } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const user = username === '' ? settings.username : decodeURIComponent(username);
  const secret = password === '' ? settings.password : decodeURIComponent(password);
  return {
    host,
    port: port === '' ? 6379 : Number(port),
    db: Number(pathname.slice(1)),
    ...(user !== undefined && { username: user }),
    ...(secret !== undefined && { password: secret }),
    ...(['rediss:', 'valkeys:'].includes(protocol) && { tls: tlsOptions(host, settings.tlsCaFile) }),
  };
}

/** Whoever asks. */
export function isSameServer(one: ServerAddress, other: ServerAddress): boolean {
  return isDeepStrictEqual(placeOf(one), placeOf(other));
}

function placeOf({ host, port, db, tls }: ServerAddress): unknown {
  return { host, port, db, tls };
}

function tlsOptions(host: string, caFile: string | undefined): ConnectionOptions {
  if (caFile === undefined) return { host };
  try {
    return { host, ca: readFileSync(caFile) };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new ConfigError([`VALKEY_TLS_CA_FILE can't be read (${reason})`]);
  }
}
