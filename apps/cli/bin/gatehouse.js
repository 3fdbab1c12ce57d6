#!/usr/bin/env node
// A checkout that was never built is built here, so that `npx gatehouse` works right after `npm ci`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const program = new URL('../../../dist/apps/cli/src/main.js', import.meta.url);

if (!existsSync(program)) {
  process.stderr.write('Building Gatehouse for the first time…\n');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
await import(program.href);
