import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { generate } from 'selfsigned';
import { CommandError } from './command-error.ts';
import { exitCodesHelp, localExits } from './exit-codes-help.ts';
import { wholeNumber } from './option-values.ts';
import { reporting } from './reporting.ts';

/** What a browser takes of a certificate at most (CA/Browser Forum, Baseline Requirements 6.3.2, before 2026). */
const MAX_DAYS = 398;
const DAY_MS = 86_400_000;
const HOST_NAME =
  /^(?=.{1,253}$)(?:\*\.)?[a-z\d]([a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*$/i;

interface SelfSignedOptions {
  host: string[];
  out: string;
  days: number;
}

/** `gatehouse tls`: what a listener with TLS needs. */
export function registerTls(program: Command): void {
  const tls = program.command('tls').description('certificates for development');
  tls
    .command('self-signed')
    .description('make cert.pem and key.pem (ECDSA P-256) for localhost, 127.0.0.1 and ::1')
    .option(
      '--host <host>',
      'a name or an address that it is for as well; may come more than once',
      collect,
      [],
    )
    .option('--out <folder>', 'where they are written; nothing is overwritten', '.')
    .option('--days <days>', 'for how long it is good', wholeNumber(1, MAX_DAYS), 90)
    .addHelpText('after', exitCodesHelp(localExits))
    .action(reporting(selfSigned));
}

async function selfSigned({ host, out, days: length }: SelfSignedOptions): Promise<void> {
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...host])];
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[3] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + length * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
      },
    ],
  });
  const [certPath, keyPath] = [join(out, 'cert.pem'), join(out, 'key.pem')];
  const there = [certPath, keyPath].find((path) => existsSync(path));
  if (there) throw alreadyThere(there);
  write(keyPath, key, 0o600);
  write(certPath, cert, 0o644);
  process.stdout.write(
    `For ${names.join(', ')}, for ${length} days. Start with\n\n` +
      `  SSL_ENABLED=true SSL_CERT_PATH=${certPath} SSL_KEY_PATH=${keyPath}\n\n` +
      `and let clients trust it: NODE_EXTRA_CA_CERTS=${certPath}, curl --cacert ${certPath}\n`,
  );
}

/** Made with its mode, so that at no moment anybody else can read it; whoever has one there already keeps it. */
function write(path: string, pem: string, mode: number): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    const file = openSync(path, 'wx', mode);
    writeSync(file, pem);
    closeSync(file);
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyThere(path);
    throw new CommandError('refused', `${path} can't be written (${code})`, { cause });
  }
}

function alreadyThere(path: string): CommandError {
  return new CommandError('refused', `${path} is there already: nothing is overwritten`);
}

function collect(host: string, before: string[]): string[] {
  if (isIP(host) === 0 && !HOST_NAME.test(host))
    throw new InvalidArgumentError('It must be a host name or an address.');
  return [...before, host];
}
