import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Provider } from 'oidc-provider';
import type { Call, Permission } from '#call';
import { GatehouseError, wire } from '#errors';
import { Pepper, sameDigest } from '#identity';
import { isGranted } from '#rbac';
import { Accounts, type Account, type LoggedIn } from '../accounts.ts';
import { permissionsIn } from '../clients/oauth-client.ts';
import { sourceOf } from '../clients/redirect-uri.ts';
import { ArtifactStore } from '../server/artifact-store.ts';
import { AuthorizationServer } from '../server/authorization-server.ts';
import { Exchange, type OAuthAnswer, type OAuthRequest } from '../server/exchange.ts';
import type { RenderedPage } from './html.ts';
import { consentPage, loginPage, messagePage, type AskingClient } from './pages.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

export interface Form {
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly totp?: string | undefined;
}

/** One visit of a person to a page: their browser's request, the interaction that it belongs to, and the client's name. */
interface Visit {
  readonly provider: Provider;
  readonly exchange: Exchange;
  readonly interaction: Interaction;
  readonly client: AskingClient;
}

/** The pages on which a person logs in and allows a client, or does not. */
@Injectable()
export class Interactions {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly accounts: Accounts,
    private readonly artifacts: ArtifactStore,
    private readonly pepper: Pepper,
  ) {}

  async show(request: OAuthRequest, uid: string): Promise<OAuthAnswer> {
    const visit = await this.#visit(request, uid);
    if (!visit) return gone();
    if (visit.interaction.prompt.name === 'login') return this.#loginAgain(visit);
    const account = await this.#accountOf(visit);
    return account ? answered(200, this.#consent(visit, account)) : gone();
  }

  async login(request: OAuthRequest, uid: string, form: Form, call: Call): Promise<OAuthAnswer> {
    const visit = await this.#submitted(request, uid, { form, prompt: 'login' });
    if (!visit) return gone();
    const { name = '', password = '', totp } = form;
    let person: LoggedIn;
    try {
      person = await this.accounts.login({ name, password, totp: totp?.trim() || undefined }, call);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      return this.#loginAgain(visit, { name, error });
    }
    const { session } = visit.interaction;
    if (session?.accountId !== undefined && session.accountId !== person.account.id) {
      // Another person has begun in this browser, and not finished.
      await this.artifacts.destroy('Session', session.cookie);
      return gone();
    }
    const amr = person.secondFactor ? ['pwd', 'otp'] : ['pwd'];
    const { id: accountId, changedAt } = person.account;
    return finish(visit, { login: { accountId, amr, remember: false, of: changedAt.getTime() } });
  }

  async consent(request: OAuthRequest, uid: string, form: Form, call: Call): Promise<OAuthAnswer> {
    const visit = await this.#submitted(request, uid, { form, prompt: 'consent' });
    const account = visit && (await this.#accountOf(visit));
    if (!visit || !account) return gone();
    const { provider, interaction } = visit;
    const clientId = String(interaction.params['client_id']);
    const grant = new provider.Grant({ accountId: account.id, clientId });
    for (const [resource, asked] of Object.entries(askedFor(interaction))) {
      const given = ownTo(account, asked);
      if (given.length > 0) grant.addResourceScope(resource, given.join(' '));
      const rest = asked.filter((scope) => !given.includes(scope as Permission));
      if (rest.length > 0) grant.rejectResourceScope(resource, rest.join(' '));
    }
    call.note('oauth_client', clientId.slice(0, 256));
    call.note('subject', account.id);
    await secondAfter(account.changedAt);
    const grantId = await grant.save();
    if (await this.#accountOf(visit)) return finish(visit, { consent: { grantId } });
    await grant.destroy();
    return gone();
  }

  async cancel(request: OAuthRequest, uid: string, form: Form): Promise<OAuthAnswer> {
    const visit = await this.#submitted(request, uid, { form });
    if (!visit) return gone();
    return finish(visit, { error: 'access_denied', error_description: 'The person has not allowed it' });
  }

  /** The form must be one that was shown for this interaction, to this browser: no page of another can have made it. */
  async #submitted(
    request: OAuthRequest,
    uid: string,
    { form, prompt }: { form: Form; prompt?: string },
  ): Promise<Visit | undefined> {
    const visit = await this.#visit(request, uid);
    const { token = '' } = form;
    if (!visit || !this.#tokensOf(visit.interaction).some((one) => sameDigest(one, token))) return undefined;
    return prompt === undefined || visit.interaction.prompt.name === prompt ? visit : undefined;
  }

  async #visit(request: OAuthRequest, uid: string): Promise<Visit | undefined> {
    const provider = await this.server.provider();
    const exchange = new Exchange(request, this.server.base);
    const interaction = await provider
      .interactionDetails(exchange.request, exchange.response)
      .catch(orUndefined);
    if (interaction?.uid !== uid) return undefined;
    const id = String(interaction.params['client_id']);
    const client = await provider.Client.find(id);
    if (!client) return undefined;
    return {
      provider,
      exchange,
      interaction,
      client: {
        name: client.clientName || id,
        host: URL.canParse(id) ? new URL(id).host : undefined,
        redirectUri: String(interaction.params['redirect_uri']),
      },
    };
  }

  #loginAgain(visit: Visit, failed?: { name: string; error: GatehouseError }): OAuthAnswer {
    const page = loginPage({
      ...this.#formOf(visit),
      client: visit.client,
      name: failed?.name.slice(0, 100) ?? '',
      fault: failed?.error.message,
    });
    return { ...answered(failed ? wire[failed.error.code].http : 200, page), refusal: failed?.error };
  }

  #consent(visit: Visit, account: Account): RenderedPage {
    const asked = Object.values(askedFor(visit.interaction)).flat();
    const { client } = visit;
    return consentPage({
      ...this.#formOf(visit),
      client,
      person: account.name,
      scopes: ownTo(account, asked),
    });
  }

  #formOf({ interaction, client }: Visit) {
    return {
      action: `${this.server.base.pathname}/interaction/${interaction.uid}`,
      token: this.#tokensOf(interaction)[0]!,
      formsTo: sourceOf(client.redirectUri),
    };
  }

  /** As it is made now, and as it was before the pepper has changed. */
  #tokensOf({ uid, prompt }: Interaction): string[] {
    return this.pepper
      .keysFor('oauth-forms')
      .map((key) => createHmac('sha256', key).update(`${uid} ${prompt.name}`).digest('base64url'));
  }

  /** Who has logged in. A password that was guessed, and has been changed since, allows nothing. */
  async #accountOf({ interaction: { session, lastSubmission } }: Visit): Promise<Account | undefined> {
    const account = session && (await this.accounts.find(session.accountId));
    return account && lastSubmission?.login?.['of'] === account.changedAt.getTime() ? account : undefined;
  }
}

async function finish(
  { provider, exchange, interaction }: Visit,
  result: Parameters<Provider['interactionResult']>[2],
): Promise<OAuthAnswer> {
  // What was said on the page before it goes on counting: who has logged in.
  const location = await provider.interactionResult(exchange.request, exchange.response, result, {
    mergeWithLastSubmission: interaction.prompt.name === 'consent',
  });
  return { status: 303, headers: { location }, body: '' };
}

/** Grants are dated to the second: one of the second of a change counts as one of before it. */
async function secondAfter(changedAt: Date): Promise<void> {
  const wait = Math.floor(changedAt.getTime() / 1000 + 1) * 1000 - Date.now();
  // Timers may be a little early.
  if (wait > 0) await sleep(Math.min(wait, 1000) + 5);
}

/** By resource. */
function askedFor({ prompt, params }: Interaction): Record<string, string[]> {
  const missing = (prompt.details['missingResourceScopes'] ?? {}) as Record<string, string[]>;
  const named = permissionsIn(String(params['scope'])) as string[];
  return Object.fromEntries(
    Object.entries(missing).map(([resource, scopes]) => [
      resource,
      scopes.filter((scope) => named.includes(scope)),
    ]),
  );
}

/** Nobody gives away what is not theirs. */
function ownTo({ role }: Account, scopes: readonly string[]): Permission[] {
  return (scopes as readonly Permission[]).filter((scope) => isGranted(role, scope));
}

function answered(status: number, { html, headers }: RenderedPage): OAuthAnswer {
  return { status, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: html };
}

function gone(): OAuthAnswer {
  const page = messagePage(
    'Start again',
    'This page is over, or was opened in another browser. Go back to the program that sent you here, and log in from there.',
  );
  const refusal = new GatehouseError('AUTHORIZATION_REFUSED', 'There is no such interaction in this browser');
  return { ...answered(400, page), refusal };
}

function orUndefined(error: Error): undefined {
  if (error.name === 'SessionNotFound') return undefined;
  throw error;
}
