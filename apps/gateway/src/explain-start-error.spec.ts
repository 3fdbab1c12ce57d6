import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#config';
import { explainStartError } from './explain-start-error.ts';

describe('what an operator is told of a start that failed', () => {
  it.each([
    ['192.0.2.1', 'HOST 192.0.2.1 is no address of this machine'],
    ['host.invalid', /^HOST host\.invalid can't be looked up \(E\w+\): give an address of this machine$/],
  ])('is which HOST it is that can not be listened on: %s', async (host, says) => {
    const server = createServer();
    const error = await new Promise((resolve) => server.once('error', resolve).listen(0, host));
    expect(explainStartError(error)).toMatch(says);
  });

  it('is the faults of the settings, without a stack', () => {
    const said = explainStartError(new ConfigError(['PORT is "x": it must be a whole number']));
    expect(said).toContain('  - PORT is "x"');
    expect(said).not.toMatch(/^\s+at /m);
  });

  it('is all that is known of what nobody foresaw', () => {
    expect(explainStartError(new TypeError('x is not a function'))).toMatch(
      /TypeError: x is not a function\n\s+at /,
    );
    expect(explainStartError('a word')).toBe('Gatehouse did not start: a word');
  });
});
