import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { Secret, TOTP } from 'otpauth';
import type { Role } from '#call';
import type { TestGateway } from './gateway.ts';
import type { Answer, GatewayClient } from './gateway-client.ts';

export const PASSWORD = 'a long walk by the river';

export interface Tokens {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
  refresh_expires_in: number;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly enrolment_code: string;
}

let people = 0;

/** Somebody new, made by an administrator. */
export async function createPerson(
  { client }: Pick<TestGateway, 'client'>,
  role: Role = 'employee',
  password = PASSWORD,
): Promise<Person> {
  const body = { name: `Person ${++people}`, role, tier: 'enterprise', password };
  const answer = await client.rest('/admin/users', { body });
  if (answer.status !== 201) throw new Error(`No user: ${JSON.stringify(answer.body)}`);
  return answer.body as Person;
}

export function tryLogin(client: GatewayClient, name: string, more: object = {}): Promise<Answer> {
  return client.rest('/auth/login', { key: '', body: { name, password: PASSWORD, ...more } });
}

export async function logIn(client: GatewayClient, name: string, more: object = {}): Promise<Tokens> {
  const answer = await tryLogin(client, name, more);
  if (answer.status !== 200) throw new Error(`Not logged in: ${JSON.stringify(answer.body)}`);
  return answer.body as Tokens;
}

/** An authenticator. Its codes are of as many steps from now as it is told, since each is good once. */
export class Authenticator {
  readonly #totp: TOTP;

  constructor(secret: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret) });
  }

  code(steps = 0): string {
    return this.#totp.generate({ timestamp: Date.now() + steps * 30_000 });
  }
}

/** Waits out the end of a time step: a code that is made now is to be good when it arrives. */
async function calmClock(): Promise<void> {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 3_000) await sleep(left);
}

/** A code for whoever this token is of, by the administrator of the gateway. */
export async function enrolmentCodeFor(client: GatewayClient, key: string): Promise<string> {
  const answer = await client.rest(`/admin/users/${decodeJwt(key).sub}/enrolment-code`, { method: 'POST' });
  if (answer.status !== 200) throw new Error(`No enrolment code: ${JSON.stringify(answer.body)}`);
  return (answer.body as { enrolment_code: string }).enrolment_code;
}

/** Enrols and confirms a second factor. The code of the step before was used for it: those of now and after are left. */
export async function enrol(
  client: GatewayClient,
  key: string,
  password = PASSWORD,
): Promise<{ authenticator: Authenticator; recoveryCodes: string[]; key: string }> {
  await calmClock();
  const code = await enrolmentCodeFor(client, key);
  const enrolled = await client.rest('/auth/totp', { key, body: { password, enrolment_code: code } });
  const { secret } = enrolled.body as { secret: string };
  const authenticator = new Authenticator(secret);
  const confirmed = await client.rest('/auth/totp/confirm', { key, body: { totp: authenticator.code(-1) } });
  if (confirmed.status !== 200) throw new Error(`Not confirmed: ${JSON.stringify(confirmed.body)}`);
  const { recovery_codes: recoveryCodes, access_token } = confirmed.body as {
    recovery_codes: string[];
    access_token: string;
  };
  return { authenticator, recoveryCodes, key: access_token };
}
