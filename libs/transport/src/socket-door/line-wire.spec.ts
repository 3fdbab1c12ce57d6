import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endings, type Ending } from './endings.ts';
import { LineWire } from './line-wire.ts';

function ended(ending: Ending): Writable {
  const writable = new Writable({ write: () => undefined });
  const wire = new LineWire({ readable: new PassThrough(), writable, maxBytes: 1024 });
  wire.reader = { message() {}, refused() {}, finished() {}, drained() {}, closed() {} };
  wire.send('something that it never takes');
  wire.end(ending);
  return writable;
}

describe('the end of a connection whose client does not read', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it.each(['revoked', 'blocked', 'ordered'] as const)('is not his to put off where he is %s', (why) => {
    const writable = ended(endings[why]);
    expect(writable.destroyed).toBe(false);
    vi.advanceTimersByTime(5_000);
    expect(writable.destroyed).toBe(true);
  });

  it('leaves him time for the answers that he has asked for', () => {
    const writable = ended(endings.left);
    vi.advanceTimersByTime(60_000);
    expect(writable.destroyed).toBe(false);
  });
});
