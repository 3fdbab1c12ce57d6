import { maskSecrets } from './mask-secrets.ts';
import { maskValue } from './mask-value.ts';

/** Options for pino: no line holds a secret. */
export const logRedaction = {
  redact: {
    paths: ['authorization', '*.authorization', 'req.headers.authorization', 'req.headers.cookie'],
    censor: '[SECRET]',
  },
  formatters: { log: (line: Record<string, unknown>): Record<string, unknown> => maskValue(line) },
  hooks: {
    logMethod(this: unknown, args: unknown[], method: (...args: unknown[]) => void): void {
      method.apply(
        this,
        args.map((arg) => (typeof arg === 'string' ? maskSecrets(arg) : arg)),
      );
    },
  },
};
