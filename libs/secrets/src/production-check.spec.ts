import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { generateSecrets, randomSecret } from './generate-secrets.ts';
import { productionFindings, type Given } from './production-check.ts';
import { weaknessOf } from './weakness/weakness-of.ts';

const made = generateSecrets();
const REQUIRED = ['JWT_SECRET', 'MCP_SIG_SECRET', 'AGENT_SIG_SECRET', 'ADMIN_SECRET_KEY'];
const sound = Object.fromEntries(REQUIRED.map((name) => [name, made.get(name)!]));
const open = new Set([
  'CORS_ALLOWED_ORIGINS',
  'PUBLIC_URL',
  'OIDC_ISSUER',
  'WS_AUTH_ENABLED',
  'RATE_LIMIT_ENABLED',
]);

function findings(values: Record<string, unknown>) {
  const given = Object.entries(values).map(([name, value]): Given => ({
    name,
    value,
    isSet: value !== undefined,
    secret: !open.has(name),
  }));
  return productionFindings(given);
}
const faultsOf = (values: Record<string, unknown>) => findings({ ...sound, ...values }).faults;

describe('what production refuses', () => {
  it('is nothing where all is sound', () => {
    expect(findings(sound)).toEqual({ faults: [], warnings: [] });
    expect(faultsOf(Object.fromEntries(made))).toEqual([]);
  });

  it('is each required secret that is missing, all at once', () => {
    expect(findings({}).faults).toEqual(REQUIRED.map((name) => `${name} is missing: production needs it`));
  });

  it('is a Valkey without a password, wherever that could stand', () => {
    const missing = 'VALKEY_PASSWORD is missing: production needs it, since VALKEY_URL holds no password';
    const password = randomSecret(48);
    expect(faultsOf({ VALKEY_URL: 'redis://valkey' })).toEqual([missing]);
    expect(faultsOf({ VALKEY_URL: 'redis://valkey', VALKEY_PASSWORD: password })).toEqual([]);
    expect(faultsOf({ VALKEY_URL: `redis://:${password}@valkey` })).toEqual([]);
    expect(faultsOf({ VALKEY_URL: 'redis://:valkey@valkey' })).toEqual([
      'VALKEY_URL is too weak for production: of its password: it is a well-known value, or holds a word of one',
    ]);
  });

  it.each([
    ['JWT_SECRET', randomSecret(63), 'it has 63 characters, and needs 64 or more'],
    ['MCP_SIG_SECRET', randomSecret(31), 'it has 31 characters, and needs 32 or more'],
    ['API_KEY_PEPPER', 'changeme'.repeat(8), 'it is a well-known value, or holds a word of one'],
    [
      'GATEHOUSE_API_KEY',
      `My-Company-Password-${'1'.repeat(20)}`,
      'it is a well-known value, or holds a word of one',
    ],
    ['VALKEY_PASSWORD', 'Zq8-'.repeat(16), 'it can be guessed: it repeats itself, or follows a pattern'],
    ['VALKEY_PASSWORD', `Az1${'a'.repeat(60)}`, 'it can be guessed: it repeats itself, or follows a pattern'],
    [
      'REQUEST_STATE_SECRET',
      'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234',
      'it can be guessed: it repeats itself, or follows a pattern',
    ],
    [
      'ADMIN_SECRET_KEY',
      'qpwoeirutyalskdjfhgzmxncbvqpwoeirutyzmxncbv',
      'it needs 2 of these: small letters, capital letters, digits, other characters',
    ],
    [
      'ADMIN_SECRET_KEY',
      'qp38woeiruty55alskdjfhgzmxncbv47',
      'it needs 3 of these: small letters, capital letters, digits, other characters',
    ],
    ['AGENT_SIG_SECRET', 'https://a.example/?q=1', 'it is a well-known value, or holds a word of one'],
    ['A_SECRET_OF_LATER', 'short', 'it has 5 characters, and needs 32 or more'],
  ])('is a weak %s', (name, value, why) => {
    expect(faultsOf({ [name]: value })).toEqual([`${name} is too weak for production: ${why}`]);
  });

  it('is one value in two places, but not one key of a company, nor what was rotated to itself', () => {
    const same = randomSecret(64);
    expect(faultsOf({ MCP_SIG_SECRET: same, AGENT_SIG_SECRET: same, API_KEY_PEPPER: same })).toEqual([
      'MCP_SIG_SECRET and AGENT_SIG_SECRET and API_KEY_PEPPER have the same value: each needs its own',
    ]);
    expect(faultsOf({ OPENAI_API_KEY: same, EMBEDDINGS_API_KEY: same })).toEqual([]);
    expect(faultsOf({ JWT_SECRET: same, JWT_PREVIOUS_SECRET: same })).toEqual([]);
  });

  it.each([
    [{ CORS_ALLOWED_ORIGINS: ['https://a.example', '*'] }, /^CORS_ALLOWED_ORIGINS has \*/],
    [{ CORS_ALLOWED_ORIGINS: ['https://*.example'] }, /^CORS_ALLOWED_ORIGINS has https:/],
    [{ CORS_ALLOWED_ORIGINS: ['null'] }, /^CORS_ALLOWED_ORIGINS has null/],
    [{ WS_AUTH_ENABLED: false }, /^WS_AUTH_ENABLED=false lets anybody in/],
    [{ PUBLIC_URL: 'http://api.example' }, /^PUBLIC_URL begins with http:/],
    [{ OIDC_ISSUER: 'HTTP://id.example' }, /^OIDC_ISSUER begins with http:/],
    [
      { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://aws.example' },
      /^AWS_ENDPOINT_URL_SECRETS_MANAGER begins with http:/,
    ],
    [{ DATABASE_URL: 'postgres://me:postgres@db/x' }, /^DATABASE_URL is too weak/],
    [{ OPENAI_API_KEY: 'your-key' }, /^OPENAI_API_KEY is too weak/],
  ])('is an open door: %o', (values, says) => {
    expect(faultsOf(values)).toEqual([expect.stringMatching(says)]);
  });

  it('is not what its makers answer for: a short key of a model, a password of a database', () => {
    expect(
      faultsOf({
        OPENAI_API_KEY: 'sk-1',
        DATABASE_URL: 'postgres://me:x9@db/x',
        ANTHROPIC_BASE_URL: 'https://a',
      }),
    ).toEqual([]);
  });

  it('warns of calls that nothing limits', () => {
    expect(findings({ ...sound, RATE_LIMIT_ENABLED: false }).warnings).toHaveLength(1);
  });

  it('never says what a secret holds', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 80 }), (value) => {
        const said = JSON.stringify(faultsOf({ MCP_SIG_SECRET: value, VALKEY_PASSWORD: value }));
        return value.length < 10 || !said.includes(value);
      }),
    );
  });
});

describe('the measure of a secret', () => {
  it('lets through what chance makes, as people make it', () => {
    const bytes = fc
      .uint8Array({ minLength: 48, maxLength: 96 })
      .map((seed) => createHash('sha512').update(seed).digest());
    fc.assert(
      fc.property(bytes, (random) => {
        expect(weaknessOf(random.toString('base64'), 64)).toBeUndefined();
        expect(weaknessOf(random.toString('base64url').slice(0, 43), 32)).toBeUndefined();
        expect(weaknessOf(random.toString('hex').slice(0, 64), 32)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses what repeats a few characters, however long', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 12 }),
        fc.integer({ min: 8, max: 40 }),
        (text, times) => {
          const repeated = text.repeat(times);
          return weaknessOf(repeated.padEnd(64, text), 32) !== undefined;
        },
      ),
    );
  });

  it('takes little time for the longest of all', () => {
    const longest = Array.from({ length: 65_536 }, (_, at) => String.fromCharCode(33 + ((at * 7919) % 90)));
    expect(processorTime(() => weaknessOf(longest.join(''), 32))).toBeLessThan(1_000);
  });
});

describe('the secrets that are generated', () => {
  it('are all there, long, and different each time', () => {
    const again = generateSecrets();
    expect([...made.keys()]).toEqual(
      expect.arrayContaining([...REQUIRED, 'AUDIT_SIGNING_KEY', 'ENCRYPTION_KEY']),
    );
    for (const [name, value] of made) expect(again.get(name)).not.toBe(value);
    expect(made.get('JWT_SECRET')!.length).toBeGreaterThanOrEqual(64);
    expect(made.get('API_KEY_PEPPER')!.length).toBeGreaterThanOrEqual(48);
    expect(Buffer.from(made.get('ENCRYPTION_KEY')!, 'base64')).toHaveLength(32);
  });
});
