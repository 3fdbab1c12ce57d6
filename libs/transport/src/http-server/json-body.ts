import type { FastifyInstance } from 'fastify';
import { parseJson } from '#validation';

/** JSON is the only body there is. It is parsed once, here, and refused here if it is malformed or dangerous. */
export function registerJsonBody(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseJson(body));
    } catch (error) {
      done(error as Error);
    }
  });
}
