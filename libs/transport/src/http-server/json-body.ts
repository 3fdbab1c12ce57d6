import type { FastifyInstance } from 'fastify';
import { parseJson } from '#validation';
import { collectBody } from './collect-body.ts';

/** JSON is the only body there is. It is parsed once, here, and refused here if it is malformed or dangerous. */
export function registerJsonBody(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', (request, payload, done) =>
    collectBody(request, payload, (fault, body) => {
      if (!body) return done(fault);
      let parsed: unknown;
      try {
        parsed = body.length === 0 ? undefined : parseJson(body);
      } catch (error) {
        return done(error as Error);
      }
      return done(null, parsed);
    }),
  );
}
