import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { guess, requestKinds } from '../../chaos/requests.ts';

const PAUSE_MS = 15;
const kinds = requestKinds.filter((kind) => kind !== guess);

/** Clients that call without end, each on connections that stay open, and keep account of what they get. */
export class Clients {
  readonly #port: number;
  readonly #key: string;
  readonly #working: Promise<void>[] = [];
  #isStopped = false;
  answered = 0;
  slowestMs = 0;
  /** What did not come back as it should have. */
  readonly failures: string[] = [];

  constructor(port: number, key: string, count: number) {
    this.#port = port;
    this.#key = key;
    for (let index = 0; index < count; index++) this.#working.push(this.#work(index));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#working);
  }

  async #work(start: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = start; !this.#isStopped; turn++) {
      const kind = kinds[turn % kinds.length]!;
      const asked = performance.now();
      const fault = await this.#ask(
        kind.bytes({ name: 'client', key: this.#key, address: '198.51.100.1' }),
        agent,
      ).then(
        ({ status, says }) => (kind.statuses.includes(status) ? undefined : `${status} ${says}`),
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      this.slowestMs = Math.max(this.slowestMs, performance.now() - asked);
      if (fault === undefined) this.answered++;
      else this.failures.push(`${kind.name}: ${fault}`);
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  }

  /** Sends a request that is there as bytes. */
  #ask(bytes: Buffer, agent: Agent): Promise<{ status: number; says: string }> {
    const whole = bytes.toString();
    const [head, body] = [
      whole.slice(0, whole.indexOf('\r\n\r\n')),
      whole.slice(whole.indexOf('\r\n\r\n') + 4),
    ];
    const [first = '', ...lines] = head.split('\r\n');
    const [method, path] = first.split(' ');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: this.#port, agent, method, path, headers }, (response) => {
        void text(response)
          .then((answer) => String(response.headers['x-balancer'] ?? answer.slice(0, 200)))
          .then((says) => resolve({ status: response.statusCode ?? 0, says }), reject);
      })
        .on('error', reject)
        .end(body);
    });
  }
}
