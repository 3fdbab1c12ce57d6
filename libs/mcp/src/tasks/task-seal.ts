import type { Selectable } from 'kysely';
import type { ConfigOf } from '#config';
import { isSealed, SealedColumn, type encryptionConfig, type Envelope, type KeyRotation } from '#encryption';
import type { Database, Tables } from '#persistence';

/** What people and tools have said. Who called which tool, from where, and how that stands, is not among it. */
const columns = ['input', 'answers', 'questions', 'status_message', 'outcome'] as const;
type Column = (typeof columns)[number];
export type SaidIn = Pick<Selectable<Tables['tasks']>, 'id' | Column>;

type Config = Pick<ConfigOf<typeof encryptionConfig>, 'encryptAtRest'>;

/**
 * Tasks as they lie in the database: with ENCRYPT_AT_REST what was said is sealed, each text for its row and column. What looks
 * sealed is sealed, whatever the settings say: so a text in clear is never taken for one, whoever has chosen it.
 */
export class TaskSeal {
  constructor(
    private readonly envelope: Envelope | undefined,
    private readonly config: Config,
  ) {}

  /** Has what lies there sealed anew after a rotation, and what is in clear sealed. */
  register(rotation: Pick<KeyRotation, 'register'>, database: Database): void {
    const { envelope } = this;
    if (!envelope) return;
    for (const column of columns) {
      const place = { table: 'tasks', column, row: 'id', sealsAll: this.config.encryptAtRest } as const;
      rotation.register(new SealedColumn(database, envelope, place));
    }
  }

  seal(id: string, column: Column, text: string): string {
    if (!this.envelope || !(this.config.encryptAtRest || isSealed(text))) return text;
    return this.envelope.seal(text, placeOf(id, column));
  }

  /** The row in clear. @throws {CannotOpen} */
  open<Row extends SaidIn>(row: Row): Row {
    const opened = columns.map((column) => [column, this.#open(row, column)] as const);
    return { ...row, ...Object.fromEntries(opened) };
  }

  #open(row: SaidIn, column: Column): string | null {
    const text = row[column];
    if (text === null || !this.envelope || !isSealed(text)) return text;
    return this.envelope.open(text, placeOf(row.id, column));
  }
}

function placeOf(row: string, column: Column) {
  return { table: 'tasks', column, row };
}
