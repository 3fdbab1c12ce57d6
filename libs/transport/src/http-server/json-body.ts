import type { FastifyInstance } from 'fastify';
import { parseJson } from '#validation';
import { collectBody, parsed } from './collect-body.ts';

/** JSON is the only body there is. It is parsed once, here, and refused here if it is malformed or dangerous. */
export function registerJsonBody(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', (request, payload, done) =>
    collectBody(request, payload, parsed(parseBody, done)),
  );
}

function parseBody(body: Buffer): unknown {
  return body.length === 0 ? undefined : parseJson(body);
}
