import { rmSync } from 'node:fs';
import { freePort, scratchFolder, TcpProxy, type ScratchFolder } from '#testing';
import { GatewayProcess } from '../support/gateway-process.ts';
import { now } from './now.ts';

/** One gateway of several, on ports of its own that it keeps, with a network to Valkey of its own. */
export class Replica {
  readonly port: number;
  readonly index: number;
  readonly proxy: TcpProxy;
  readonly #env: Record<string, string>;
  readonly #folder: ScratchFolder;
  /** Its lives, the last of which may still go on. */
  readonly #lives: GatewayProcess[] = [];
  #isDown = true;
  #downUntil = 0;
  #starts: number[] = [];

  private constructor(
    index: number,
    port: number,
    { proxy, folder, env }: { proxy: TcpProxy; folder: ScratchFolder; env: Record<string, string> },
  ) {
    this.index = index;
    this.port = port;
    this.proxy = proxy;
    this.#folder = folder;
    this.#env = env;
  }

  /** Not started yet. */
  static async prepare(index: number, valkeyPort: number, env: Record<string, string>): Promise<Replica> {
    const [port, managementPort] = [await freePort(), await freePort()];
    const [proxy, folder] = [await TcpProxy.before(valkeyPort), await scratchFolder()];
    const own = {
      PORT: String(port),
      MANAGEMENT_PORT: String(managementPort),
      WS_PORT: '0',
      TCP_PORT: '0',
      DATA_DIR: folder.path,
      VALKEY_URL: `redis://127.0.0.1:${proxy.port}`,
    };
    return new Replica(index, port, { proxy, folder, env: { ...env, ...own } });
  }

  async start(): Promise<void> {
    this.#starts.push(now());
    this.#lives.push(await GatewayProcess.start(this.#env));
    this.#downUntil = now();
    this.#isDown = false;
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    this.#isDown = true;
    await this.#life.stop('SIGKILL');
  }

  /** Whether it was killed, and is not back yet. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Whether what was asked of it at a time may have been cut off by its death. */
  excuses(asked: number): boolean {
    return this.#isDown || asked <= this.#downUntil;
  }

  /** Whether one of its lives began in the time before. */
  startedWithin(ms: number, before: number): boolean {
    return this.#starts.some((at) => at <= before && at > before - ms);
  }

  /** How it ended, if nobody has ended it. */
  get crash(): string | undefined {
    const end = this.#isDown ? undefined : this.#lives.at(-1)?.end;
    return end === undefined
      ? undefined
      : `gateway ${this.index} ended with ${end}: ${this.output.slice(-2_000)}`;
  }

  /** All that its lives have printed. */
  get output(): string {
    return this.#lives.map(({ output }) => output).join('');
  }

  /** Whether it enforces its share of the limits by itself. */
  async isDivided(): Promise<boolean> {
    const response = await fetch(`${this.#life.managementUrl}/metrics`, {
      signal: AbortSignal.timeout(5_000),
    });
    const value = /^gatehouse_rate_limits_divided (\d)$/m.exec(await response.text())?.[1];
    if (value === undefined) throw new Error(`Gateway ${this.index} does not say whether limits are divided`);
    return value === '1';
  }

  /** Asks it to stop; its exit code, or the name of the signal that it took. */
  async stop(): Promise<number | string> {
    const end = await this.#life.stop();
    this.#isDown = true;
    return end;
  }

  /** At once, for a process that ends. */
  abandon(): void {
    for (const life of this.#lives) life.abandon();
    rmSync(this.#folder.path, { recursive: true, force: true });
  }

  /** Whatever state it is in. */
  async remove(): Promise<void> {
    this.#isDown = true;
    for (const life of this.#lives) await life.stop('SIGKILL');
    await this.proxy.close();
    await this.#folder.remove();
  }

  get #life(): GatewayProcess {
    const life = this.#lives.at(-1);
    if (!life) throw new Error(`Gateway ${this.index} was not started`);
    return life;
  }
}
