import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ImageConfig } from './buildah.ts';

/**
 * As a container engine runs it: mounts of its own, the image as a read-only root with the trace that Docker leaves, memory
 * where it may write, the user that the image names, no capability, nothing to gain. $1 the root, $2 a folder for the volume, $3 and $4 user and group, $5
 * where it begins; then the command.
 */
const CONFINE = `
set -eu
root=$1 data=$2 user=$3 group=$4 workdir=$5
shift 5
mount --bind "$root" "$root"
: > "$root/.dockerenv"
mount -o remount,bind,ro "$root"
mount --bind "$data" "$root/data"
mount -t tmpfs -o size=64m,mode=1777,noexec,nosuid,nodev tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount -t tmpfs -o size=1m,mode=0755,nosuid tmpfs "$root/dev"
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid \\
  chroot --userspec="$user:$group" --groups="$group" "$root" /usr/bin/env --chdir="$workdir" "$@"
`;

export interface Confinement {
  readonly root: string;
  readonly config: ImageConfig;
  /** Where the volume is, outside. */
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A command of the image, in a process that has no more than the image asks for. */
export class ConfinedProcess {
  readonly #child: ChildProcess;
  #output = '';

  constructor({ root, config, data, env }: Confinement, args: readonly string[]) {
    const [user = '', group = user] = config.User.split(':');
    const variables = Object.fromEntries(
      config.Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const place = [root, data, user, group, config.WorkingDir];
    const confined = ['--mount', '--propagation=private', 'sh', '-c', CONFINE, 'confine', ...place, ...args];
    this.#child = spawn('unshare', confined, {
      env: { ...variables, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer): void => void (this.#output += chunk.toString());
    this.#child.stdout!.on('data', collect);
    this.#child.stderr!.on('data', collect);
  }
  get pid(): number {
    return this.#child.pid!;
  }
  get output(): string {
    return this.#output;
  }
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Its exit code, or the name of the signal that it took. */
  async end(signal?: NodeJS.Signals): Promise<number | string> {
    if (!this.hasEnded) {
      const closed = once(this.#child, 'exit');
      if (signal) this.#child.kill(signal);
      await closed;
    }
    return this.#child.exitCode ?? this.#child.signalCode!;
  }
}
