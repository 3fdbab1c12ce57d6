import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { telemetryConfig } from '#telemetry';
import { httpConfig } from '#transport';
import type { Site } from './site.ts';

const PATIENCE_MS = 3_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** A gateway that answers at the management port of these settings, by what it exposes there to everybody. */
export class RunningGateway {
  readonly #samples = new Map<string, number>();
  /** Its clock, in milliseconds since 1970, to the second; and when that was read here. */
  readonly clock: { said: number; heardAt: number } | undefined;
  readonly ready: boolean;
  readonly #prefix: string;

  private constructor(metrics: string, prefix: string, about: Pick<RunningGateway, 'clock' | 'ready'>) {
    this.#prefix = prefix;
    this.clock = about.clock;
    this.ready = about.ready;
    for (const [, name, value] of metrics.matchAll(/^([a-zA-Z_]\w*(?:\{.*\})?) (\S+)$/gm)) {
      this.#samples.set(name!, Number(value));
    }
  }

  /** Undefined where nothing answers, or what does is no Gatehouse. */
  static async find(site: Site): Promise<RunningGateway | undefined> {
    const { host, managementPort } = site.config(httpConfig);
    if (managementPort === 0) return undefined;
    const base = urlOf(host, managementPort, site.valueOf('SSL_ENABLED') === true);
    try {
      const metrics = await ask(`${base}/metrics`);
      const heardAt = site.now();
      const { metricsPrefix: prefix } = site.config(telemetryConfig);
      if (!metrics.body.includes(`${prefix}build_info{`)) return undefined;
      const { status } = await ask(`${base}/ready`);
      const clock = metrics.date === undefined ? undefined : { said: Date.parse(metrics.date), heardAt };
      return new RunningGateway(metrics.body, prefix, { clock, ready: status === 200 });
    } catch {
      return undefined;
    }
  }

  /** A sample by its name without the prefix, labels as they are written. */
  sample(name: string): number | undefined {
    const value = this.#samples.get(this.#prefix + name);
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  get version(): string | undefined {
    return this.#labelOf('build_info', 'version');
  }

  get node(): string | undefined {
    return this.#labelOf('nodejs_version_info', 'version');
  }

  #labelOf(metric: string, label: string): string | undefined {
    const name = [...this.#samples.keys()].find((each) => each.startsWith(`${this.#prefix}${metric}{`));
    return new RegExp(`[{,]${label}="([^"]*)"`).exec(name ?? '')?.[1];
  }
}

function urlOf(host: string, port: number, tls: boolean): string {
  // What listens everywhere listens here.
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls ? 'https' : 'http'}://${here.includes(':') ? `[${here}]` : here}:${port}`;
}

interface Heard {
  status: number;
  date: string | undefined;
  body: string;
}

/** Its certificate is not checked: it is for a name, we ask an address of this machine, and we tell it nothing. */
async function ask(url: string): Promise<Heard> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const request = url.startsWith('https:')
    ? httpsGet(url, { signal, agent: new HttpsAgent({ rejectUnauthorized: false }) }, resolve)
    : httpGet(url, { signal }, resolve);
  request.once('error', reject);
  const answer = await promise;
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    if ((bytes += chunk.length) > MAX_BYTES) answer.destroy(new Error('too long'));
  });
  return { status: answer.statusCode ?? 0, date: answer.headers.date, body: await text(answer) };
}
