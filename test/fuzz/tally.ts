import { checkMessage, checkResponse, fail, sentIn, type Response, type Sent } from './answer-checks.ts';
import type { FuzzHouse } from './house/open-house.ts';

/** Its answer comes when its client has heard enough, and not before. */
const ENDLESS = 'subscriptions/listen';
const CANCELS = 'notifications/cancelled';

/** What was sent on one connection, and what came of it: the answers of several requests, in whichever order. */
export class Tally {
  readonly #sent: Sent[] = [];
  readonly #responses: Response[] = [];
  readonly #answered = new Map<string, number>();

  constructor(private readonly house: FuzzHouse) {}

  sent(json: string): void {
    this.#sent.push(sentIn(json));
  }

  /** Throws where a message of the server is not what it has to be. */
  heard(message: unknown): void {
    checkMessage(message);
    if ((message as { method?: string }).method !== undefined) return;
    const { id, error } = message as Response;
    const asked = this.#sent.filter((one) => one.id !== undefined && one.id === id);
    if (id !== undefined && asked.length === 0) fail('is to nothing that was asked here', message);
    // Where an id stands for several requests, nobody knows which of them this is the answer to.
    const method = asked.length === 1 ? asked[0]!.method : undefined;
    checkResponse(message, { id, method, silent: false });
    this.#responses.push(message);
    const key = `${typeof id} ${String(id)}`;
    const times = (this.#answered.get(key) ?? 0) + 1;
    if (id !== undefined && times > asked.length) fail('is one of several', message);
    this.#answered.set(key, times);
    const callId = error?.data?.['correlation_id'];
    if (typeof callId === 'string' && this.house.watch.settlementsOf(callId) !== 1)
      fail('left before its call was settled, or after it was settled twice', message);
    if (error?.data?.['code'] === 'INTERNAL' && asked.every((one) => one.method !== 'tools/call'))
      fail('is a fault of ours', message);
  }

  /** As many answers as there have to be. */
  get isComplete(): boolean {
    const isCancelling = this.#sent.some(({ method }) => method === CANCELS);
    const due = this.#sent.filter(({ id, method }) => id !== undefined && method !== ENDLESS);
    return isCancelling || this.#responses.length >= due.length;
  }

  /** Throws where there are more answers than could be. */
  checkTotal(): void {
    // A notification that is malformed is told so, without an id.
    if (this.#responses.length > this.#sent.length) fail('is one too many', this.#responses.at(-1));
  }
}
