import { sql } from 'kysely';
import type { Database, Tables } from '#persistence';
import { CannotOpen } from '../cannot-open.ts';
import type { Envelope } from '../envelope.ts';
import { isSealed, KEY_IN_SQL, sealedBy, splitSealed } from '../sealed-text.ts';
import { SealedRows, type KeyCount, type Resealed } from './sealed-rows.ts';

export interface ColumnOptions {
  table: keyof Tables;
  column: string;
  /** Column of the primary key, a text: the `row` of each value's context. */
  row: string;
  /** What is in clear is to be sealed, too. The column holds no text in clear that looks sealed. */
  sealsAll?: boolean;
}

/** A column whose values are sealed, each for its table, column and row; null where there is none. */
export class SealedColumn extends SealedRows {
  readonly name: string;
  readonly sealsAll: boolean;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly options: ColumnOptions,
  ) {
    super();
    this.name = `${options.table}.${options.column}`;
    this.sealsAll = options.sealsAll ?? false;
  }

  async counts(): Promise<KeyCount[]> {
    const { table, column } = this.#sql;
    const { rows } = await sql<{ key: string | null; rows: string }>`
      select substring(${column} from ${KEY_IN_SQL}::text) as key, count(*) as rows from ${table}
      where ${column} is not null group by 1 order by 1`.execute(this.database.kysely);
    return rows.map(({ key, rows: count }) => ({ key, rows: Number(count) }));
  }

  async reseal(after: string | undefined, limit: number): Promise<Resealed> {
    const { table, column, row } = this.#sql;
    const { rows } = await sql<{ row: string; sealed: string }>`
      select ${row} as row, ${column} as sealed from ${table}
      where ${column} not like ${sealedBy(this.envelope.keyId)} and ${row} > ${after ?? ''}
        and (${this.sealsAll}::boolean or ${column} ~ ${KEY_IN_SQL}::text)
      order by ${row} limit ${limit}`.execute(this.database.kysely);
    let done = 0;
    for (const one of rows) if (await this.#resealOne(one)) done++;
    const next = rows.length < limit ? undefined : rows.at(-1)!.row;
    return { done, failed: rows.length - done, next };
  }

  async #resealOne({ row, sealed }: { row: string; sealed: string }): Promise<boolean> {
    const context = { table: this.options.table, column: this.options.column, row };
    if (isSealed(sealed) && !this.envelope.knows(splitSealed(sealed)?.keyId)) return false;
    try {
      const text = isSealed(sealed) ? this.envelope.open(sealed, context) : sealed;
      const anew = this.envelope.seal(text, context);
      const names = this.#sql;
      // Not where somebody has written it meanwhile.
      await sql`
        update ${names.table} set ${names.column} = ${anew}
        where ${names.row} = ${row} and ${names.column} = ${sealed}`.execute(this.database.kysely);
      return true;
    } catch (error) {
      if (error instanceof CannotOpen) return false;
      throw error;
    }
  }

  get #sql() {
    const { table, column, row } = this.options;
    return { table: sql.table(table), column: sql.ref(column), row: sql.ref(row) };
  }
}
