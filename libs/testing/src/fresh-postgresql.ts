import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { inject } from 'vitest';
import { readConfig } from '#config';
import type { KeeperAnswer } from './postgresql/keeper.ts';
import { testingConfig } from './testing.config.ts';

export interface FreshPostgresql {
  readonly url: string;
  /** Also when somebody is still connected. */
  drop(): Promise<void>;
}

/** An empty database, by default on the PostgreSQL of this run. The first one to ask waits until the server has started. */
export async function freshPostgresql(given?: string): Promise<FreshPostgresql> {
  const server = given ?? (await postgresqlServer());
  const name = `gatehouse_test_${randomBytes(6).toString('hex')}`;
  await administer(server, `create database ${name} template template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(server, `drop database if exists ${name} with (force)`) };
}

/** URL of the server that the tests use: TEST_DATABASE_URL, else the one that the set-up keeps. */
export async function postgresqlServer(): Promise<string> {
  const { postgresUrl } = readConfig(testingConfig);
  if (postgresUrl) return postgresUrl;
  const desk = inject('postgresqlDesk');
  const answer = JSON.parse(await text(connect(desk, '127.0.0.1'))) as KeeperAnswer;
  if ('failure' in answer) throw new Error(answer.failure);
  return answer.url;
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
