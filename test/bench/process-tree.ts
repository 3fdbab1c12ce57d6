import { readdirSync, readFileSync } from 'node:fs';

/** Of the times in /proc, in seconds (proc(5): USER_HZ is 100 wherever Linux runs today). */
const TICK_SECONDS = 0.01;
/** Where the fields lie in /proc/PID/stat, counted behind the name, which may hold anything. */
const PARENT = 1;
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Processor time that a process and all that descend from it have used so far, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const processes = new Map<number, readonly string[]>();
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(name) : undefined;
    if (fields) processes.set(Number(name), fields);
  }
  const isOurs = (one: number): boolean => {
    if (one === pid) return true;
    const parent = Number(processes.get(one)?.[PARENT] ?? 0);
    return parent > 1 && isOurs(parent);
  };
  let ticks = 0;
  for (const [one, fields] of processes)
    if (isOurs(one)) ticks += Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
  return ticks * TICK_SECONDS;
}

/** Undefined for a process that has just ended. */
function statOf(pid: string): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
