import { hash } from 'node:crypto';

/** Text that is HTML already. All else that goes into a page is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function html(strings: TemplateStringsArray, ...values: (string | Html | readonly Html[])[]): Html {
  const texts = values.map((value) => textOf(value));
  return new Html(String.raw({ raw: strings }, ...texts));
}

function textOf(value: string | Html | readonly Html[]): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (character) => entities[character]!);
  return value.map(({ text }) => text).join('');
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'h1{font-size:1.4rem}label{display:block;margin:1rem 0 .25rem}' +
  'input{font:inherit;width:100%;padding:.5rem;box-sizing:border-box;border:1px solid #767676;border-radius:4px}' +
  'button{font:inherit;margin:1rem .5rem 0 0;padding:.5rem 1rem;border:1px solid #1a1a1a;border-radius:4px;background:#fff;color:#1a1a1a}' +
  'button.main{background:#1a1a1a;color:#fff}.fault{color:#a40000}code{overflow-wrap:anywhere}';
/** Whole: its hash is that of every character between its tags. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);
const STYLE_HASH = hash('sha256', STYLE, 'base64');

export interface PageOptions {
  readonly title: string;
  readonly content: Html;
  /** Where its forms may lead besides this gateway. */
  readonly formsTo?: string | undefined;
}

export interface RenderedPage {
  readonly html: string;
  readonly headers: Record<string, string>;
}

/** A page without a script, that nobody may frame, and whose forms lead where they must. */
export function renderPage({ title, content, formsTo }: PageOptions): RenderedPage {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Gatehouse</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return {
    html: page.text,
    headers: {
      'content-security-policy':
        `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; ` +
        `form-action 'self'${formsTo ? ` ${formsTo}` : ''}`,
      // With no-referrer, a browser would send "Origin: null" with a form, which is nobody's.
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  };
}
