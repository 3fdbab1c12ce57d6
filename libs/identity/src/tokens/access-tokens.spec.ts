import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readConfig } from '#config';
import { fixed, RotatingValue, Secrets, signingSecretsConfig, type Rotating } from '#secrets';
import { Pepper } from '../pepper.ts';
import type { User } from '../users/user.record.ts';
import { AccessTokens } from './access-tokens.ts';
import type { TokenFamily } from './token-families.ts';
import { TokenKeys } from './token-keys.ts';
import { tokensConfig } from './tokens.config.ts';

const SECRET = 'k9'.repeat(32);
const NOW = Date.UTC(2026, 10, 21, 8);
const seconds = Math.floor(NOW / 1000);
const user = { id: randomUUID(), name: 'Ana', role: 'employee' } as User;
const family: TokenFamily = {
  id: randomUUID(),
  userId: user.id,
  createdAt: new Date(NOW),
  expiresAt: new Date(NOW + 30 * 86_400_000),
  otpAt: undefined,
  endedAt: undefined,
};

function tokensWith(
  current: Rotating<string | undefined> = fixed<string | undefined>(SECRET),
  previous: Rotating<string | undefined> = fixed<string | undefined>(undefined),
) {
  const watch = (setting: unknown) =>
    setting === signingSecretsConfig.settings.jwtSecret ? current : previous;
  const config = readConfig(tokensConfig, {});
  const secrets = { watch, refresh: async () => undefined } as unknown as Secrets;
  const keys = new TokenKeys(new Pepper('p'.repeat(32)), config, secrets);
  return { keys, tokens: new AccessTokens(keys, config) };
}

type SigningKey = Parameters<SignJWT['sign']>[0];

/** A token by another library, with whatever is to be wrong with it. */
function forge(claims: object = {}, header: object = {}, key: SigningKey = bytes(SECRET)) {
  const { kid } = tokensWith().keys.signing;
  const all = {
    iss: 'gatehouse',
    aud: 'gatehouse',
    sub: user.id,
    sid: family.id,
    jti: 'j',
    iat: seconds,
    nbf: seconds,
    exp: seconds + 60,
  };
  return new SignJWT({ ...all, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'session+jwt', kid, ...header })
    .sign(key);
}
const kidOf = (pepper: string) => new TokenKeys(new Pepper(pepper), readConfig(tokensConfig, {})).signing.kid;
const bytes = (text: string) => new TextEncoder().encode(text);
const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an access token', () => {
  it('says who, in which session, and until when', async () => {
    const { tokens, keys } = tokensWith();
    const { token, expiresIn } = await tokens.sign(user, family, NOW);
    expect(expiresIn).toBe(8 * 3600);
    const [header, claims] = token
      .split('.', 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object);
    expect(header).toEqual({ alg: 'HS256', typ: 'session+jwt', kid: keys.signing.kid });
    expect(claims).toEqual({
      iss: 'gatehouse',
      aud: 'gatehouse',
      sub: user.id,
      jti: expect.any(String),
      sid: family.id,
      role: 'employee',
      amr: ['pwd'],
      iat: seconds,
      nbf: seconds,
      exp: seconds + 8 * 3600,
    });
    expect(token).not.toContain(SECRET);
    expect(tokens.formOf(token)).toBe('well-formed');
    expect(await tokens.verify(token, NOW)).toEqual({
      claims: {
        sub: user.id,
        sid: family.id,
        jti: expect.any(String),
        exp: seconds + 8 * 3600,
        otpAt: undefined,
      },
    });
  });

  it('never outlives its session', async () => {
    const ending = { ...family, expiresAt: new Date(NOW + 90_000) };
    expect((await tokensWith().tokens.sign(user, ending, NOW)).expiresIn).toBe(90);
  });

  it('that another library has signed in the same way is as good', async () => {
    expect(await tokensWith().tokens.verify(await forge(), NOW)).toMatchObject({ claims: { sub: user.id } });
  });

  it('whose time is over is told by its claims, which are proven', async () => {
    const judged = await tokensWith().tokens.verify(await forge({ exp: seconds - 1000 }), NOW);
    expect(judged).toMatchObject({ claims: { exp: seconds - 1000 } });
  });

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const forgeries: [string, () => Promise<string> | string, string][] = [
    ['is signed with another key', () => forge({}, {}, bytes('x'.repeat(64))), 'bad-signature'],
    ['names a key that is not ours', () => forge({}, { kid: 'abcdefghijk' }), 'unknown-key'],
    ['names no key', () => forge({}, { kid: undefined }), 'unknown-key'],
    [
      'names a key by something else than a text',
      () => forge({}, { kid: ['x'] as unknown as string }),
      'unknown-key',
    ],
    [
      'says alg none',
      () => `${b64({ alg: 'none', typ: 'session+jwt' })}.${b64({ sub: user.id })}.`,
      'wrong-algorithm',
    ],
    [
      'says alg nOnE',
      () => `${b64({ alg: 'nOnE', typ: 'session+jwt' })}.${b64({ sub: user.id })}.`,
      'wrong-algorithm',
    ],
    ['is signed by a longer hash', () => forge({}, { alg: 'HS512' }), 'wrong-algorithm'],
    ['is signed by RSA', () => forge({}, { alg: 'RS256' }, privateKey), 'wrong-algorithm'],
    ['takes a public key for the secret', () => forge({}, {}, bytes(pem)), 'bad-signature'],
    ['asks for what is not known here', () => forge({}, { crit: ['b64'], b64: true }), 'critical-header'],
    ['is of another type', () => forge({}, { typ: 'JWT' }), 'wrong-type'],
    ['is an OAuth token', () => forge({}, { typ: 'at+jwt' }), 'wrong-type'],
    ['is for somebody else', () => forge({ aud: 'another' }), 'wrong-audience'],
    ['is for nobody', () => forge({ aud: undefined }), 'wrong-audience'],
    ['is of another issuer', () => forge({ iss: 'another' }), 'wrong-issuer'],
    ['is not valid yet', () => forge({ nbf: seconds + 60 }), 'not-yet-valid'],
    ['is of the future', () => forge({ iat: seconds + 60 }), 'future-dated'],
    ['has no end', () => forge({ exp: undefined }), 'claims-missing'],
    ['has no beginning', () => forge({ iat: undefined }), 'claims-missing'],
    ['has no session', () => forge({ sid: undefined }), 'claims-missing'],
    ['has a session of another form', () => forge({ sid: { $ne: '' } }), 'claims-missing'],
    ['has a second factor of another form', () => forge({ otp_at: 'now' }), 'claims-missing'],
  ];
  it.each(forgeries)('that %s is refused', async (_, make, fault) => {
    expect(await tokensWith().tokens.verify(await make(), NOW)).toMatchObject({ fault });
  });

  it('with any sign changed, or cut anywhere, is refused', async () => {
    const { tokens } = tokensWith();
    const { token } = await tokens.sign(user, family, NOW);
    // But the last sign of a signature, which holds two bits that mean nothing.
    for (let at = 0; at < token.length - 1; at += 3) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(await tokens.verify(token.slice(0, at) + other + token.slice(at + 1), NOW)).toHaveProperty(
        'fault',
      );
      expect(await tokens.verify(token.slice(0, at), NOW)).toHaveProperty('fault');
    }
  });

  it('is told by its form from what is none of ours, however large', async () => {
    const { tokens } = tokensWith();
    const forms = [
      'gk_abc',
      'a.b.c',
      `${b64({ alg: 'HS256' })}.e30.x`,
      `${b64([])}.e30.x`,
      'x'.repeat(1_000_000),
    ].map((text) => tokens.formOf(text));
    expect(forms).toEqual(['foreign', 'foreign', 'mistyped', 'mistyped', 'foreign']);
    expect(tokens.formOf(await forge({ pad: 'x'.repeat(1_000_000) }))).toBe('mistyped');
    expect(tokens.formOf(new UnsecuredJWT({}).encode())).toBe('mistyped');
  });
});

describe('the key of tokens', () => {
  it('may change under way: what the one before has signed is good, what one before that has is not', async () => {
    const current = new RotatingValue<string | undefined>(SECRET);
    const { tokens, keys } = tokensWith(current);
    const [{ token: first }, { kid }] = [await tokens.sign(user, family, NOW), keys.signing];
    current.set('n3'.repeat(32));
    expect(keys.signing.kid).not.toBe(kid);
    expect(await tokens.verify(first, NOW)).toHaveProperty('claims');
    expect(await tokens.verify((await tokens.sign(user, family, NOW)).token, NOW)).toHaveProperty('claims');
    current.set('t7'.repeat(32));
    expect(await tokens.verify(first, NOW)).toMatchObject({ fault: 'unknown-key' });
  });

  it('is given up once the last token that it has signed must have expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    onTestFinished(() => void vi.useRealTimers());
    const current = new RotatingValue<string | undefined>(SECRET);
    const { tokens, keys } = tokensWith(current);
    const { token } = await tokens.sign(user, family);
    const { kid } = keys.signing;
    current.set('n3'.repeat(32));
    current.tell();
    vi.setSystemTime(NOW + 8 * 3_600_000 - 1);
    expect(keys.find(kid)).toBeDefined();
    vi.setSystemTime(NOW + 8 * 3_600_000);
    expect(keys.find(kid)).toBeUndefined();
    expect(await tokens.verify(token)).toMatchObject({ fault: 'unknown-key' });
  });

  it('may be JWT_PREVIOUS_SECRET after a restart', async () => {
    const { token } = await tokensWith().tokens.sign(user, family, NOW);
    const { tokens } = tokensWith(
      fixed<string | undefined>('n3'.repeat(32)),
      fixed<string | undefined>(SECRET),
    );
    expect(await tokens.verify(token, NOW)).toHaveProperty('claims');
  });

  it('is made of the pepper where there is none, and differs with it', () => {
    expect(kidOf('a'.repeat(32))).toBe(kidOf('a'.repeat(32)));
    expect(kidOf('a'.repeat(32))).not.toBe(kidOf('b'.repeat(32)));
  });
});

/** RFC 7515, Appendix A.1: the example of HS256, and RFC 7519, section 6.1: the one without a signature. */
describe('the vectors of the RFCs', () => {
  const key = Buffer.from(
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    'base64url',
  );
  const claims =
    'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
  const signed = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${claims}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
  const unsigned = `eyJhbGciOiJub25lIn0.${claims}.`;
  const options = { secret: key, algorithms: ['HS256' as const], clockTimestamp: 1_300_819_379 };

  it('are read as they say', async () => {
    const read = await new JwtService().verifyAsync<object>(signed, options);
    expect(read).toEqual({ iss: 'joe', exp: 1_300_819_380, 'http://example.com/is_root': true });
    await expect(new JwtService().verifyAsync(unsigned, options)).rejects.toThrow(
      'jwt signature is required',
    );
    const late = { ...options, clockTimestamp: 1_300_819_380 };
    await expect(new JwtService().verifyAsync(signed, late)).rejects.toThrow('jwt expired');
  });

  it('are none of ours', async () => {
    const { tokens } = tokensWith();
    for (const token of [signed, unsigned]) {
      expect(tokens.formOf(token)).toBe('mistyped');
      expect(await tokens.verify(token, NOW)).toEqual({ fault: 'wrong-type' });
    }
  });
});
