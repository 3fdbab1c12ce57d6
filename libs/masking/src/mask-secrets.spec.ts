import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { maskSecrets } from './mask-secrets.ts';

/** Letters and digits without an order, so that no scanner takes this file for a leak. */
function made(length: number): string {
  return Array.from({ length }, (_, i) => 'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0z'[(i * 7 + 3) % 31]).join('');
}
const pem = (kind: string): string => `-----BEGIN ${kind}PRIVATE KEY-----\n${made(64)}\n${made(40)}\n`;

/** What stands between « and » is the secret. */
const secrets = [
  `«gk_${made(39)}»`,
  `my key is «gk_${made(39)}».`,
  `Authorization: Bearer «${made(40)}»`,
  `bearer «abc.def-123_456/789=»`,
  'Authorization: Basic «dXNlcjpwYXNzd29yZDEy»',
  `curl -H "Authorization: Token «${made(40)}»"`,
  `«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.${made(43)}»`,
  `session-1234567.«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.${made(43)}»`,
  `x_«eyJhbGciOiJub25lIn0-eyJ_.eyJzdWIiOiIxMjM0NSJ9.», and eyJ-eyJ.`,
  '«AKIAIOSFODNN7EXAMPLE»',
  `aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCY${made(10)}»`,
  `«sk-${made(48)}»`,
  `«sk-ant-api03-${made(90)}»`,
  `(«sk-proj-${made(60)}»)`,
  `«ghp_${made(36)}»`,
  `«github_pat_${made(82)}»`,
  `«glpat-${made(20)}»`,
  `«xoxb-123456789012-${made(24)}»`,
  `https://«hooks.slack.com/services/T0000/B0000/${made(24)}»`,
  `«sk_live_${made(24)}»`,
  `«AIza${made(35)}»`,
  `«ya29.${made(60)}»`,
  `«npm_${made(36)}»`,
  `«hf_${made(34)}»`,
  `«SG.${made(22)}.${made(43)}»`,
  `bot«110201543:AA${made(33)}»`.replace('bot', 'bot '),
  `«${pem('RSA ')}-----END RSA PRIVATE KEY-----» after`,
  `«${pem('')}»`,
  'postgres://app:«s3cr@t!x»@db.example:5432/x',
  'redis://:«hunter2»@cache:6379',
  'password=«hunter2»',
  'DB_PASSWORD=«abcdef» next',
  'PASSWORD = "«correct horse battery»"',
  '{"password": "«hunter2»"}',
  String.raw`{"password":"«a\"b»"}`,
  String.raw`{\"password\":\"«hunter2»\"}`,
  "client_secret: '«abc»'",
  'apiKey: "«abcdef»"',
  'Your API key: «abc123def»',
  'X-Api-Key: «1234567890abcdef»',
  '/x?access_token=«abcdef»&x=1',
  'AccountKey=«abc+def/ghi==»;EndpointSuffix=x',
  'secret => "«x1y2z3»"',
  '  password: «correcthorse»\n',
  'my password is «hunter2!»',
  'Passphrase: «4horses»',
  'mysql --password «hunter2» -u x',
  'Cookie: «session=abc; other=def»',
  'Set-Cookie: «sid=31d4d96e407aad42; Path=/»',
  'https://b.example/k?X-Amz-Signature=«abcdef0123456789»&x=1',
];

const harmless = [
  'The password is required',
  'Password: required',
  'password must have 12 characters',
  'password: string',
  'password: null',
  'const token: string',
  'if (password === null)',
  'password == other',
  'password=${PASSWORD}',
  'PASSWORD=$DB_PASS',
  'The token 12 was used',
  'token count = 512',
  'max_tokens: 4096',
  'next_page_token=abcdef1',
  'apiKeyId: "ak_12"',
  'bearer responsibilities of office',
  'the key: it is simple',
  'a secret garden, and a secret sauce v2',
  'passport: yes, passenger: 12345, compass: north1',
  'secretary: anna99, monkey: banana1, tokenizer = bpe50000',
  'sk-spinner-double-bounce-child',
  'https://example.com:8080/path@x and mailto:a@b.co',
  'cookies: 12',
  'eyJ AKIA gk_short sk-1',
  '12:00:AA',
];

describe('maskSecrets', () => {
  it.each(secrets)('masks the secret in %s', (line) => {
    expect(maskSecrets(line.replace(/[«»]/g, ''))).toBe(line.replace(/«[^»]*»/, '[SECRET]'));
  });

  it.each(harmless)('leaves %s', (text) => expect(maskSecrets(text)).toBe(text));

  it('changes nothing the second time, and breaks no character', () => {
    const piece = fc.constantFrom(
      ...secrets.map((line) => line.replace(/[«»]/g, '')),
      ...harmless,
      'password',
      'token',
      '"',
      "'",
      '\\',
      '=',
      ':',
      ' ',
      '\n',
      '[',
      ']',
      '[SECRET]',
      '-----BEGIN ',
      '-----',
      '@',
      '://',
      'x1y2z3',
      '😀',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const once = maskSecrets(text);
          expect(maskSecrets(once)).toBe(once);
          expect(once.isWellFormed()).toBe(true);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each([
    'eyJ',
    'eyJaaaaaaaaa.',
    '-eyJ',
    'eyJaaaaaaaaa-',
    'bearer ',
    'password',
    'password=',
    'password="',
    'password ',
    '-----BEGIN PRIVATE KEY-----',
    '://a:',
    'sk-a',
    '-',
    '--a-',
    'token ',
    'api key ',
    'cookie:',
    '\\',
    '_password',
    '?sig=',
  ])('takes time in proportion to the length of a text of %j', (piece) => {
    const time = (length: number): number => {
      const text = piece.repeat(length / piece.length);
      return processorTime(() => maskSecrets(text));
    };
    time(20_000);
    expect(time(320_000)).toBeLessThan(100 * Math.max(time(20_000), 2));
  });
});
