import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { command } from '../command.ts';
import { ofMachine } from '../tools.ts';

/** What the steps of the Dockerfile need of the official image, beside Node and npm. */
const PROGRAMS = ['sh', 'env', 'rm', 'ls', 'cat', 'id'];
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * A stand-in for the official Node image, where no registry of images can be reached: this Node, npm, a shell, and the
 * libraries that they are linked with, laid out as that image has them. Gives the folder of its root.
 */
export async function layBaseImage(root: string): Promise<void> {
  const at = (path: string) => join(root, path);
  for (const folder of [
    'usr/local/bin',
    'usr/local/etc',
    'usr/local/lib/node_modules',
    'usr/bin',
    'usr/sbin',
    'usr/lib',
    'usr/lib64',
  ])
    mkdirSync(at(folder), { recursive: true });
  for (const folder of [
    'etc/ssl/certs',
    'home/node',
    'root',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'opt',
    'var/lib/dpkg',
  ])
    mkdirSync(at(folder), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, at(name));
  chmodSync(at('tmp'), 0o1777);
  const programs = [
    process.execPath,
    ...(await Promise.all(PROGRAMS.map((name) => ofMachine(name, 'coreutils')))),
  ].map((path) => realpathSync(path));
  copyFileSync(programs[0]!, at('usr/local/bin/node'));
  for (const [index, name] of PROGRAMS.entries()) copyFileSync(programs[index + 1]!, at(`usr/bin/${name}`));
  for (const library of await librariesOf(programs)) {
    mkdirSync(dirname(at(library)), { recursive: true });
    copyFileSync(library, at(library));
  }
  const npm = dirname(dirname(realpathSync(await ofMachine('npm', 'npm'))));
  cpSync(npm, at('usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', at('usr/local/bin/npm'));
  copyFileSync(AUTHORITIES, at(AUTHORITIES));
  writeFileSync(at('usr/local/etc/npmrc'), `cafile=${AUTHORITIES}\n`);
  writeFileSync(at('etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
  writeFileSync(at('etc/group'), 'root:x:0:\nnode:x:1000:\n');
  // Programs that may change who they are, which the image must not keep.
  copyFileSync(at('usr/bin/id'), at('usr/bin/su'));
  chmodSync(at('usr/bin/su'), 0o4755);
}

/** What the dynamic linker would load, the linker itself included. */
async function librariesOf(programs: readonly string[]): Promise<Set<string>> {
  const { out } = await command('ldd', programs);
  return new Set([...out.matchAll(/(\/\S+\.so\S*)/g)].map(([, path]) => path!));
}
