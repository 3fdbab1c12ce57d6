import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** One goal, and how near it is. */
export interface Row {
  /** `topic/what` */
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  ratio: number | null;
  goal: string;
  ok: boolean;
}

/** A figure without a goal, printed beside the rows. */
export interface Figure {
  who: string;
  [column: string]: string | number;
}

export interface Measured {
  figures: Figure[];
  rows: Row[];
}

export function report({ figures, rows }: Measured, jsonFile: string | undefined): void {
  console.table(figures);
  console.table(rows);
  if (!jsonFile) return;
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memoryMb: Math.round(totalmem() / 2 ** 20),
  };
  writeFileSync(
    jsonFile,
    `${JSON.stringify({ machine: { ...machine, node: process.version }, rows }, null, 2)}\n`,
  );
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A goal that a figure of ours has to keep to, without another to compare it with. */
export function atMost(name: string, value: number, unit: string, most: number): Row {
  return {
    name,
    value: hundredths(value),
    unit,
    baseline: null,
    ratio: null,
    goal: `<= ${most} ${unit}`,
    ok: value <= most,
  };
}
