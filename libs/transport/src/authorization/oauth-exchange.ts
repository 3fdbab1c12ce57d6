import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusedBy } from '#call';
import type { OAuthAnswer, OAuthRequest } from '#oauth';
import { formBytes, type Form } from '../http-server/form-body.ts';

const ROOT = '/oauth';
/** What the answer says of itself; all else is the door's. */
const PASSED_ON = new Set([
  'content-security-policy',
  'content-type',
  'location',
  'referrer-policy',
  'set-cookie',
  'www-authenticate',
]);

/** A request as the authorization server is to see it: what the door has checked, and no header that has no meaning here. */
export function oauthRequest(request: FastifyRequest, path = request.url.slice(ROOT.length)): OAuthRequest {
  const { cookie, authorization, accept } = request.headers;
  const body = bodyOf(request);
  return { method: request.method, path, headers: { cookie, authorization, accept }, ...(body && { body }) };
}

function bodyOf({ body, headers }: FastifyRequest): OAuthRequest['body'] {
  if (body === undefined || body === null) return undefined;
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  return isForm
    ? { type: 'application/x-www-form-urlencoded', bytes: formBytes(body as Form) }
    : { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) };
}

/** Leaves as any answer does: once it is on record. */
export function send(answer: OAuthAnswer, request: FastifyRequest, reply: FastifyReply): void {
  if (request.answered) return;
  const { status, headers, body, refusal } = answer;
  if (refusal) request.outcome = refusedBy(refusal, status);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && PASSED_ON.has(name)) void reply.header(name, value);
  }
  void reply.code(status).send(body);
}
