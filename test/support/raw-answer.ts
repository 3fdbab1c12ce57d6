import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** An answer as it came: names and values of its headers in turn, and its body as text. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** POSTs JSON, and changes nothing about what comes back. */
export async function post(url: URL, body: unknown, headers: Record<string, string>): Promise<RawAnswer> {
  const sent = request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  });
  sent.end(JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode!, headers: answer.rawHeaders, body: await text(answer) };
}

/** The value of a header, by its name in lower case. */
export function headerOf({ headers }: RawAnswer, name: string): string | undefined {
  const at = headers.findIndex((one, index) => index % 2 === 0 && one.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}
