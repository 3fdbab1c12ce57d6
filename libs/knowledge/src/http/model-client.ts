import { ModelFailure } from './model-failure.ts';

export interface ModelRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly timeoutMs: number;
  /** Bytes of the answer; more are a failure. */
  readonly maxBytes: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** The JSON value that a model answers with. Throws ModelFailure. */
export async function askForJson(request: ModelRequest): Promise<unknown> {
  let text = '';
  for await (const piece of answerOf(request)) text += piece;
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message would quote the answer.
    throw new ModelFailure('The answer is not JSON');
  }
}

/** The data of each server-sent event of an answer, as it comes in (HTML Living Standard, section 9.2.6). Throws ModelFailure. */
export async function* askForEvents(request: ModelRequest): AsyncIterable<unknown> {
  let rest = '';
  for await (const piece of answerOf(request)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const data = /^data: ?(.*?)\r?$/.exec(line)?.[1];
      if (data === '[DONE]') return;
      if (data !== undefined) yield eventOf(data);
    }
  }
}

function eventOf(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new ModelFailure('An event of the answer is not JSON');
  }
}

async function* answerOf({
  url,
  headers,
  body,
  timeoutMs,
  maxBytes,
  signal,
}: ModelRequest): AsyncIterable<string> {
  const time = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'error', // The key goes to the host that it was configured for, and to no other.
      signal: signal ? AbortSignal.any([signal, time]) : time,
    });
    if (!response.ok) throw await refusalOf(response);
    let bytes = 0;
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new ModelFailure(`The answer is longer than ${maxBytes} bytes`);
      yield decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error instanceof ModelFailure) throw error;
    signal?.throwIfAborted();
    const reason = time.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    throw new ModelFailure(`The model can't be reached: ${reason}`, { cause: error });
  }
}

/** What a server says of itself in its refusal is not repeated: some repeat the key. */
async function refusalOf(response: Response): Promise<ModelFailure> {
  await response.body?.cancel();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ModelFailure(`The model's server refuses with status ${response.status}`, {
    status: response.status,
    retryAfterMs: seconds >= 0 ? seconds * 1_000 : undefined,
  });
}

function reasonOf(error: unknown): string {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return code ?? 'the connection failed';
}
