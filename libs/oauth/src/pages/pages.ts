import type { Permission } from '#call';
import { readableName } from '../clients/client-name.ts';
import { html, renderPage, type Html, type RenderedPage } from './html.ts';

export interface FormOf {
  /** Path that the form is sent to. */
  readonly action: string;
  /** Proves that the form is one of this interaction. */
  readonly token: string;
  /** Where the way back to the client leads, for the page's policy. */
  readonly formsTo: string | undefined;
}

export interface AskingClient {
  readonly name: string;
  /** Host that vouches for it, where it described itself by a document. */
  readonly host: string | undefined;
  readonly redirectUri: string;
}

export interface LoginPage extends FormOf {
  readonly client: AskingClient;
  readonly name: string;
  readonly fault: string | undefined;
}

export function loginPage({ action, token, formsTo, client, name, fault }: LoginPage): RenderedPage {
  const content = html`<p>${named(client)} asks to act for you at Gatehouse.</p>
    ${faultOf(fault)}
    <form method="post" action="${action}/login">
      <input type="hidden" name="token" value="${token}" /><label for="name">Name</label
      ><input
        id="name"
        name="name"
        value="${name}"
        autocomplete="username"
        autocapitalize="none"
        maxlength="100"
        required
      /><label for="password">Password</label
      ><input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        maxlength="1024"
        required
      /><label for="totp">One-time code, if you have set one up</label
      ><input id="totp" name="totp" inputmode="numeric" autocomplete="one-time-code" maxlength="10" /><button
        class="main"
        type="submit"
      >
        Log in
      </button>
    </form>
    ${cancelForm(action, token)}`;
  return renderPage({ title: 'Log in', content, formsTo });
}

export interface ConsentPage extends FormOf {
  readonly client: AskingClient;
  readonly person: string;
  readonly scopes: readonly Permission[];
}

export function consentPage({ action, token, formsTo, client, person, scopes }: ConsentPage): RenderedPage {
  const list = scopes.map((scope) => html`<li><code>${scope}</code></li>`);
  const content = html`<p>
      ${named(client)} asks to act for you, <strong>${person}</strong>, at Gatehouse. It would be sent back to
      <code>${new URL(client.redirectUri).href}</code>.
    </p>
    ${
      scopes.length === 0
        ? html`<p>Nothing of what it asks for is yours to give.</p>`
        : html`<p>It may then use:</p>
            <ul>
              ${list}
            </ul>
            <form method="post" action="${action}/consent">
              <input type="hidden" name="token" value="${token}" /><button class="main" type="submit">
                Allow
              </button>
            </form>`
    }${cancelForm(action, token)}`;
  return renderPage({ title: 'Allow access?', content, formsTo });
}

export function messagePage(title: string, message: string): RenderedPage {
  return renderPage({ title, content: html`<p>${message}</p>` });
}

function named({ name, host }: AskingClient): Html {
  const shown = html`<strong><bdi>${readableName(name)}</bdi></strong>`;
  return host === undefined ? shown : html`${shown} of <code>${host}</code>`;
}

function faultOf(fault: string | undefined): Html {
  return fault === undefined ? html`` : html`<p class="fault" role="alert">${fault}</p>`;
}

function cancelForm(action: string, token: string): Html {
  return html`<form method="post" action="${action}/cancel">
    <input type="hidden" name="token" value="${token}" /><button type="submit">Cancel</button>
  </form>`;
}
