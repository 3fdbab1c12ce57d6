import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { logRedaction } from './log-redaction.ts';

const KEY = `gk_${'a1B2'.repeat(10)}`;

function written(write: (logger: Logger) => void): string {
  let lines = '';
  const sink = new Writable({
    write(chunk: Buffer, _, done) {
      lines += chunk.toString();
      done();
    },
  });
  write(pino({ ...logRedaction }, sink));
  return lines;
}

describe('the log', () => {
  it.each<[string, (logger: Logger) => void]>([
    ['the message', (logger) => logger.info(`key ${KEY}`)],
    ['an argument of the message', (logger) => logger.info('key %s', KEY)],
    ['a property', (logger) => logger.info({ a: [{ text: `x ${KEY}` }] }, 'x')],
    [
      'a property with the name of a secret',
      (logger) => logger.info({ headers: { authorization: 'hunter2' } }),
    ],
    ['an error', (logger) => logger.error(new Error(`password=hunter2 ${KEY}`))],
    [
      'an error beside other properties',
      (logger) => logger.error({ err: new Error(`password=hunter2`), id: 1 }),
    ],
    [
      'the cause of an error',
      (logger) => logger.error(new Error('x', { cause: new Error(`password=hunter2 ${KEY}`) })),
    ],
    [
      'the headers of a request',
      (logger) => logger.info({ req: { method: 'GET', headers: { cookie: 'hunter2' } } }),
    ],
  ])('holds no secret in %s', (_, write) => {
    const lines = written(write);
    expect(lines).not.toMatch(/gk_a1B2|hunter2/);
    expect(lines).toContain('[SECRET]');
    expect(() => JSON.parse(lines) as unknown).not.toThrow();
  });

  it('holds no personal data but the address of a caller', () => {
    const line = written((logger) =>
      logger.info({ address: '203.0.113.7' }, 'mail to jane@example.com failed'),
    );
    expect(JSON.parse(line)).toMatchObject({ address: '203.0.113.7', msg: 'mail to [EMAIL] failed' });
  });
});
