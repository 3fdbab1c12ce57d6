/** A page that was shown, or the way out of the gateway. */
export interface Visit {
  readonly status: number;
  readonly url: URL;
  readonly headers: Headers;
  readonly html: string;
}

export interface BrowserOptions {
  /** Pages of another site send theirs; none at all without. */
  readonly origin?: string;
}

/** A person's browser, as far as the pages of the authorization server need one: cookies, redirects and forms. */
export class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  /** Follows redirects, up to the first that leads to another origin: that is where its answer points to. */
  async open(url: URL | string, init: RequestInit = {}): Promise<Visit> {
    let next = new URL(url);
    const { origin } = next;
    let request = init;
    for (let hops = 0; hops < 10; hops++) {
      const response = await fetch(next, {
        ...request,
        redirect: 'manual',
        headers: { ...this.#headers(next), ...request.headers },
      });
      this.#keep(response.headers);
      const location = response.headers.get('location');
      if (!location)
        return { status: response.status, url: next, headers: response.headers, html: await response.text() };
      await response.body?.cancel();
      next = new URL(location, next);
      if (next.origin !== origin)
        return { status: response.status, url: next, headers: response.headers, html: '' };
      request = {};
    }
    throw new Error('The redirects do not end');
  }

  /** Sends the form of the page that leads to `action`, its hidden fields and these. */
  submit(
    { html, url }: Visit,
    action: string,
    fields: Record<string, string> = {},
    origin = url.origin,
  ): Promise<Visit> {
    const form = formTo(html, action);
    if (!form) throw new Error(`There is no form to ${action}: ${html}`);
    const target = new URL(/action="([^"]+)"/.exec(form)![1]!, url);
    const body = new URLSearchParams({ ...hiddenIn(form), ...fields });
    return this.open(target, { method: 'POST', body, headers: { origin } });
  }

  cookies(): string[] {
    return [...this.#cookies].map(([name, { value }]) => `${name}=${value}`);
  }

  #headers({ pathname }: URL): Record<string, string> {
    const sent = [...this.#cookies].filter(([, { path }]) => pathname.startsWith(path));
    const cookie = sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
    return { accept: 'text/html', ...(cookie && { cookie }) };
  }

  #keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const path = /; *path=([^;]+)/i.exec(line)?.[1] ?? '/';
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, { value, path });
    }
  }
}

function formTo(html: string, action: string): string | undefined {
  return html
    .match(/<form .*?<\/form>/gs)
    ?.find((form) => /action="([^"]+)"/.exec(form)?.[1]?.endsWith(`/${action}`));
}

function hiddenIn(form: string): Record<string, string> {
  return Object.fromEntries(
    [...form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  );
}
