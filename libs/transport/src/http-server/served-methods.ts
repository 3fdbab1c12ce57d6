import type { FastifyContextConfig, FastifyInstance } from 'fastify';

interface Served {
  readonly path: RegExp;
  readonly methods: readonly string[];
  readonly config: FastifyContextConfig;
}

/** What tells a path that does not know a method (405) from one that is not there (404). Fastify tells neither. */
export class ServedMethods {
  readonly #served: Served[] = [];

  /** Sees the routes that are declared from now on. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method, config = {} }) => {
      if (url.includes('*')) return;
      this.#served.push({ path: patternOf(url), methods: [method].flat(), config });
    });
  }

  /** The methods that a path is served by on one of the ports, sorted. */
  of(path: string, management: boolean): string[] {
    const here = this.#served.filter(
      ({ config }) => config.everywhere || (config.management ?? false) === management,
    );
    const methods = here.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].toSorted();
  }
}

/** Of the routes that Nest and we declare, whose parameters are whole segments. */
function patternOf(url: string): RegExp {
  const literal = url.replace(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${literal.replace(/:\w+/g, '[^/]+')}$`);
}
