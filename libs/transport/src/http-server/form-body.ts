import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { GatehouseError } from '#errors';
import { collectBody, parsed } from './collect-body.ts';

/** The forms of people and of OAuth clients are a few short fields. */
const MAX_BYTES = 16_384;
const MAX_FIELDS = 64;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** The fields of a form; a name that stands there twice has both values. */
export type Form = Record<string, string | string[]>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes forms beside JSON (OAuth 2.0, pages). Everywhere else a page of a stranger could send one. */
    forms?: boolean;
  }
}

/** Forms (WHATWG URL, "application/x-www-form-urlencoded"), for the routes that say so. */
export function registerFormBody(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('application/x-www-form-urlencoded', (request, payload, done) => {
    const { forms = false } = request.routeOptions.config;
    if (!forms) {
      done(new GatehouseError('MEDIA_TYPE_UNSUPPORTED', 'Send the body as application/json'));
      return;
    }
    collectBody(request, payload, parsed(parseForm, done));
  });
}

function parseForm(bytes: Buffer): Form {
  if (bytes.length > MAX_BYTES)
    throw new GatehouseError('PAYLOAD_TOO_LARGE', `A form has at most ${MAX_BYTES} bytes`);
  if (!isUtf8(bytes)) throw new GatehouseError('INVALID_REQUEST', 'The form is not UTF-8');
  const fields = [...new URLSearchParams(bytes.toString('utf8'))];
  if (fields.length > MAX_FIELDS)
    throw new GatehouseError('INVALID_REQUEST', `A form has at most ${MAX_FIELDS} fields`);
  const form: Form = {};
  for (const [name, value] of fields) {
    if (FORBIDDEN.has(name))
      throw new GatehouseError('DANGEROUS_INPUT', 'The form has a field of a forbidden name');
    const before = form[name];
    form[name] = before === undefined ? value : [before, value].flat();
  }
  return form;
}

/** The bytes of a form again, as it was understood. */
export function formBytes(form: Form): Buffer {
  const fields = Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  return Buffer.from(new URLSearchParams(fields as [string, string][]).toString());
}
