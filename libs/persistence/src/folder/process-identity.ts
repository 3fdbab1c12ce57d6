import { readFileSync, readlinkSync } from 'node:fs';

/** One process among all that ever were: a pid alone may be another's by tomorrow. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the boot of the machine to the start of the process; 0 where there is no /proc. */
  readonly startedAt: number;
  /** Number of the pid namespace: in another container the same pid is another process. 0 where there is no /proc. */
  readonly namespace: number;
}

export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, startedAt: statOf(pid)?.startedAt ?? 0, namespace: ownNamespace() };
}

/** Whether the process still runs. Asks about processes of our own pid namespace only. */
export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = statOf(pid);
  if (stat === undefined) return true; // No /proc, or not ours to look at: the pid is all we know.
  return !stat.ended && (startedAt === 0 || stat.startedAt === startedAt);
}

/** State and start time of a process: fields 3 and 22 of proc_pid_stat(5), behind a name that may hold anything. */
function statOf(pid: number): { ended: boolean; startedAt: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { ended: fields[0] === 'Z' || fields[0] === 'X', startedAt: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

function ownNamespace(): number {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? 0);
  } catch {
    return 0;
  }
}
