import { terminalSafe } from './terminal.ts';

/** Rows of texts as columns for a terminal: the first row is the heading. */
export function tableOf(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(terminalSafe));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** A time as the API has it, to the second, as a cell. */
export function timeOf(time: string | null): string {
  return time?.slice(0, 19).replace('T', ' ') ?? '-';
}
