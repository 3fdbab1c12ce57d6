import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Marker } from '#encryption';
import type { Marked } from './sealing/conversation-seal.ts';

/** Which passages a search may find. */
export interface PassageFilters {
  readonly conversation_id?: string | null | undefined;
  readonly scenario_title?: string | null | undefined;
  readonly author_name?: string | null | undefined;
  readonly author_type?: string | null | undefined;
  /** 0 to 1; the rankings compare it with their own scores. */
  readonly min_score?: number | null | undefined;
  /** Inclusive. A passage that does not say when it was said counts as said when it was ingested. */
  readonly from?: Date | null | undefined;
  /** Exclusive. */
  readonly before?: Date | null | undefined;
}

/** The condition on the chunk whose id stands in `column`; undefined where nothing is filtered. `markers`: of what may be sealed. */
export function passageFilter(
  filters: PassageFilters,
  column: string,
  markers: readonly Marker[],
): RawBuilder<SqlBool> | undefined {
  const is = (name: string, mark: string, text: string, kind: Marked): RawBuilder<SqlBool> =>
    inClearOrMarked({ name, mark }, text, kind, markers);
  const said = sql`coalesce(c.said_at, v.created_at)`;
  const conditions = [
    filters.conversation_id == null ? undefined : sql`v.id = ${filters.conversation_id}`,
    filters.scenario_title == null
      ? undefined
      : is('v.scenario_title', 'v.title_mark', filters.scenario_title, 'title'),
    filters.author_name == null
      ? undefined
      : is('c.author_name', 'c.author_mark', filters.author_name, 'author'),
    filters.author_type == null ? undefined : sql`c.author_type = ${filters.author_type}`,
    filters.from == null ? undefined : sql`${said} >= ${filters.from}::timestamptz`,
    filters.before == null ? undefined : sql`${said} < ${filters.before}::timestamptz`,
  ].filter((condition) => condition !== undefined);
  if (conditions.length === 0) return undefined;
  return sql<SqlBool>`exists (
    select from conversation_chunks c join conversations v on v.seq = c.conversation
    where c.id = ${sql.ref(column)} and ${sql.join(conditions, sql` and `)}
  )`;
}

/** A column in clear has this text, or the one of its marks has one of the text's. */
export function inClearOrMarked(
  column: { readonly name: string; readonly mark: string },
  text: string,
  kind: Marked,
  markers: readonly Marker[],
): RawBuilder<SqlBool> {
  const name = sql.ref(column.name);
  if (markers.length === 0) return sql`${name} = ${text}`;
  const marks = markers.map((marker) => marker.mark(kind, text));
  return sql`(${name} = ${text} or ${sql.ref(column.mark)} = any(${marks}::text[]))`;
}
