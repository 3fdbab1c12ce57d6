import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { command, saidBy, type Outcome } from '../command.ts';
import { ofMachine } from '../tools.ts';

const BUILD_TIMEOUT_MS = 540_000;

/** What the image says of how it is to be run. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Volumes: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** Buildah without an engine, with a store of its own that goes with it. */
export class Buildah implements AsyncDisposable {
  readonly #program: string;
  readonly #folder: string;
  readonly #driver: string;
  #containers: string[] = [];

  private constructor(program: string, folder: string, driver: string) {
    this.#program = program;
    this.#folder = folder;
    this.#driver = driver;
  }

  static async in(folder: string): Promise<Buildah> {
    const program = await ofMachine('buildah', 'buildah');
    const tried: string[] = [];
    // The second copies each layer whole, and works where the kernel lends no overlay.
    for (const driver of ['overlay', 'vfs']) {
      const one = new Buildah(program, join(folder, driver), driver);
      const outcome = await one.run(['from', '--name', 'probe', 'scratch']);
      const mounted = outcome.code === 0 ? await one.run(['mount', 'probe']) : outcome;
      if (mounted.code === 0) {
        await one.run(['rm', 'probe']);
        return one;
      }
      tried.push(`${driver}: ${saidBy(mounted, 2)}`);
    }
    throw new Error(`buildah can't work here: ${tried.join('; ')}`);
  }

  /** Builds an image. Nothing of it runs in a namespace that an engine would have to give it. */
  async build(name: string, args: readonly string[], context: string): Promise<void> {
    const all = [
      'build',
      '--isolation',
      'chroot',
      '--format',
      'docker',
      '--pull-never',
      '--tag',
      name,
      ...args,
      context,
    ];
    const outcome = await this.run(all, BUILD_TIMEOUT_MS);
    if (outcome.code !== 0)
      throw new Error(`buildah build ended with ${outcome.code}: ${saidBy(outcome, 25)}`);
  }

  async configOf(image: string): Promise<ImageConfig> {
    const { out } = await this.run(['inspect', '--type', 'image', image]);
    return (JSON.parse(out) as { Docker: { config: ImageConfig } }).Docker.config;
  }

  /** The folder in which all of the image is to be seen. */
  async mount(image: string): Promise<string> {
    const container = (await this.run(['from', '--pull-never', image])).out.trim();
    this.#containers.push(container);
    const outcome = await this.run(['mount', container]);
    if (outcome.code !== 0) throw new Error(`buildah mount: ${saidBy(outcome)}`);
    return outcome.out.trim();
  }

  run(args: readonly string[], timeoutMs?: number): Promise<Outcome> {
    const store = [
      '--root',
      join(this.#folder, 'root'),
      '--runroot',
      join(this.#folder, 'run'),
      '--storage-driver',
      this.#driver,
    ];
    return command(this.#program, [...store, ...args], timeoutMs === undefined ? {} : { timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#containers) await this.run(['umount', container]);
    await this.run(['rm', '--all']);
    await this.run(['rmi', '--all', '--force']);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
