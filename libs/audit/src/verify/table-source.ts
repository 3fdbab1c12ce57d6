import { sql, type Kysely } from 'kysely';
import type { Tables } from '#persistence';
import type { Where } from './chain-check.ts';
import { ChainSource, type ChainVisitor } from './chain-source.ts';

const PAGE_ROWS = 2000;

/** The tables of PostgreSQL. A row whose columns don't say what its line says counts as an altered line. */
export class TableSource extends ChainSource {
  readonly name = 'the tables audit_records and audit_checkpoints';
  readonly holds = 'database';
  readonly #kysely: Kysely<Tables>;

  constructor(kysely: Kysely<Tables>) {
    super();
    this.#kysely = kysely;
  }

  async begun(): Promise<boolean> {
    return (await this.chains()).length > 0;
  }

  async chains(): Promise<string[]> {
    // The primary key makes each step a look-up: a plain "distinct" would read every record.
    const { rows } = await sql<{ chain: string }>`
      with recursive found as (
        (select chain from audit_records order by chain limit 1)
        union all
        select (select chain from audit_records where chain > found.chain order by chain limit 1)
        from found where found.chain is not null
      )
      select chain from found where chain is not null
      union select chain from audit_checkpoints
      order by chain`.execute(this.#kysely);
    return rows.map(({ chain }) => chain);
  }

  async genesis(chain: string): Promise<string> {
    const row = await this.#kysely
      .selectFrom('audit_records')
      .select('line')
      .where('chain', '=', chain)
      .where('seq', '=', '1')
      .executeTakeFirst();
    return row?.line ?? '';
  }

  async removals(): Promise<string[]> {
    // A database of an earlier version has no such table, and this one only reads.
    const { rows } = await sql<{ there: boolean }>`
      select to_regclass('audit_removals') is not null as there`.execute(this.#kysely);
    if (!rows[0]?.there) return [];
    const removals = await this.#kysely.selectFrom('audit_removals').select('line').orderBy('key').execute();
    return removals.map(({ line }) => line);
  }

  async checkpoints(chain: string): Promise<(string | undefined)[]> {
    const rows = await this.#kysely
      .selectFrom('audit_checkpoints')
      .select(['segment', 'line'])
      .where('chain', '=', chain)
      .orderBy('segment')
      .execute();
    return rows.map(({ segment, line }, index) => (segment === index + 1 ? line : undefined));
  }

  async read(chain: string, visitor: ChainVisitor, onProgress?: (bytes: number) => void): Promise<boolean> {
    let number = 0;
    for (let rows = await this.#page(chain, '-1'); rows.length > 0;) {
      for (const row of rows) {
        const where: Where = { segment: 1, line: ++number };
        visitor.line(Buffer.from(row.line), where, row.faithful ? undefined : UNFAITHFUL);
        onProgress?.(row.line.length);
      }
      rows = await this.#page(chain, rows.at(-1)!.seq);
    }
    return number > 0;
  }

  async size(): Promise<number> {
    const { rows } = await sql<{ bytes: string }>`
      select coalesce(sum(length(line)), 0) as bytes from audit_records`.execute(this.#kysely);
    return Number(rows[0]?.bytes ?? 0);
  }

  async #page(chain: string, after: string) {
    const rows = await this.#kysely
      .selectFrom('audit_records')
      .selectAll()
      .where('chain', '=', chain)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(PAGE_ROWS)
      .execute();
    return rows.map((row) => ({ seq: row.seq, line: row.line, faithful: isFaithful(row) }));
  }
}

const UNFAITHFUL = 'its columns do not say what its line says';

interface Record {
  chain?: unknown;
  seq?: unknown;
  time?: unknown;
  event?: unknown;
  result?: unknown;
  severity?: unknown;
  operation?: unknown;
  principal?: { id?: unknown };
  ip?: unknown;
  correlation_id?: unknown;
}

function isFaithful(row: Tables['audit_records']): boolean {
  const record = parse(row.line);
  if (!record) return false;
  const said = [
    [row.chain, record.chain],
    [Number(row.seq), record.seq],
    [row.time.toISOString(), record.time],
    [row.event, record.event],
    [row.result, record.result],
    [row.severity, record.severity],
    [row.operation, record.operation],
    [row.principal_id, record.principal?.id],
    [row.ip, record.ip],
    [row.correlation_id, record.correlation_id],
  ];
  return said.every(([column, value]) => column === (value ?? null));
}

function parse(line: string): Record | undefined {
  try {
    return JSON.parse(line) as Record;
  } catch {
    return undefined;
  }
}
