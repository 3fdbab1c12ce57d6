import { pino, type LoggerOptions } from 'pino';
import { maskPiiButAddresses } from './mask-pii.ts';
import { maskSecrets, SECRET } from './mask-secrets.ts';
import { maskValue } from './mask-value.ts';

function mask(text: string): string {
  return maskPiiButAddresses(maskSecrets(text));
}

/**
 * Options for pino, to be spread into others: no line holds a secret or personal data, except for addresses, which a log
 * is there to tell. Masked are the message and its arguments, every property, and what is written of an error; not what a
 * child logger is bound to, which pino writes down before any of this: bind names and ids.
 */
export const logRedaction = {
  hooks: {
    logMethod(args, method) {
      const masked = args.map((arg: unknown) => (typeof arg === 'string' ? mask(arg) : arg));
      const [first] = masked as [unknown];
      const error = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err;
      // Of an error that comes without a message pino makes the message of the line.
      if (masked.length === 1 && error instanceof Error) masked.push(mask(error.message));
      method.apply(this, masked as Parameters<typeof method>);
    },
  },
  formatters: {
    log: (line) => maskValue(line, mask),
  },
  serializers: { err: (error: Error) => maskValue(pino.stdSerializers.err(error), mask) },
  // Headers are made into properties after the formatters have run.
  redact: {
    paths: ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]'],
    censor: SECRET,
  },
} satisfies LoggerOptions;
