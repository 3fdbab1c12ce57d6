import { Redis } from 'ioredis';
import { freePort } from '../free-port.ts';
import { scratchFolder, type ScratchFolder } from '../scratch-folder.ts';
import { serverProgram } from './server-program.ts';
import { ValkeyProcess } from './valkey-process.ts';

export interface ValkeyOptions {
  /** Of the user `default`. */
  password?: string;
  /** As in `1mb`; without it there is no bound. */
  maxmemory?: string;
  /** What becomes of keys once memory is full. */
  maxmemoryPolicy?: string;
  /** Users, as in `gatehouse on >secret ~gh:* +@all`. */
  users?: readonly string[];
  /** Any other argument, as in `['--tls-port', '0']`. */
  args?: readonly string[];
}

/** A server that a spec owns, on a port of the loopback, with nothing in it and nothing on the disk. */
export class ValkeyServer implements AsyncDisposable {
  readonly port: number;
  #options: ValkeyOptions;
  #process: ValkeyProcess;
  #folder: ScratchFolder;

  private constructor(
    port: number,
    options: ValkeyOptions,
    running: { process: ValkeyProcess; folder: ScratchFolder },
  ) {
    this.port = port;
    this.#options = options;
    this.#process = running.process;
    this.#folder = running.folder;
  }

  static async start(options: ValkeyOptions = {}, port?: number): Promise<ValkeyServer> {
    const on = port ?? (await freePort());
    return new ValkeyServer(on, options, await run(on, options));
  }

  /** Without credentials. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get password(): string | undefined {
    return this.#options.password;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** As a crash: connections are reset, and nothing is kept. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** It answers nobody, and connections stay open. */
  freeze(): void {
    this.#process.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process.signal('SIGCONT');
  }

  /** Empty, on the same port, with the options it had and these over them. */
  async restart(options: ValkeyOptions = {}): Promise<void> {
    await this.remove();
    this.#options = { ...this.#options, ...options };
    const { process, folder } = await run(this.port, this.#options);
    this.#process = process;
    this.#folder = folder;
  }

  /** One command of the user `default`, on a connection of its own. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const { password } = this.#options;
    const client = new Redis({
      port: this.port,
      host: '127.0.0.1',
      lazyConnect: true,
      ...(password !== undefined && { password }),
      retryStrategy: null,
    });
    try {
      await client.connect();
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  async remove(): Promise<void> {
    await this.#process.end();
    await this.#folder.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

async function run(port: number, options: ValkeyOptions) {
  const program = await serverProgram();
  const folder = await scratchFolder();
  try {
    const process = await ValkeyProcess.start(program, folder.path, argumentsOf(port, options));
    return { process, folder };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function argumentsOf(port: number, options: ValkeyOptions): string[] {
  const { password, maxmemory, maxmemoryPolicy, users = [], args = [] } = options;
  const every = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--databases', 4];
  return [
    ...every.map(String),
    ...(password === undefined ? [] : ['--requirepass', password]),
    ...(maxmemory === undefined ? [] : ['--maxmemory', maxmemory]),
    ...(maxmemoryPolicy === undefined ? [] : ['--maxmemory-policy', maxmemoryPolicy]),
    ...users.flatMap((user) => ['--user', ...user.split(' ')]),
    ...args,
  ];
}
