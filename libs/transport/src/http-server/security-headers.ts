import type { FastifyInstance } from 'fastify';
import helmet from '@fastify/helmet';

/** MAD-13. One year, as the requirement spells it. */
const HSTS_MAX_AGE_SECONDS = 31_536_000;

/** Security headers on every answer: it is an API, so nothing may be framed, sniffed or fetched from it. */
export async function registerSecurityHeaders(fastify: FastifyInstance): Promise<void> {
  await fastify.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: { maxAge: HSTS_MAX_AGE_SECONDS, includeSubDomains: true },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
  });
}
