import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Specs that start the program, or a part of it, as a process need it built; what has not changed is not built again. */
export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build:test'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
