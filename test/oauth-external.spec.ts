import { generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { codeOf } from './support/doors.ts';
import { useGateway } from './support/gateway.ts';

/** Nobody listens there. */
const OIDC_ISSUER = 'http://127.0.0.1:1/realm';

describe('with an issuer of its own that is down', () => {
  const gateway = useGateway(databases[0]!, { env: { OIDC_ISSUER } });

  it('the gateway starts, and takes keys', async () => {
    expect((await gateway().client.rest('/conversations')).status).toBe(200);
  });

  it('says that tokens cannot be checked for now, and is not to blame on who shows one', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'one' };
    const token = await new SignJWT({ iss: OIDC_ISSUER }).setProtectedHeader(header).sign(privateKey);
    for (const answer of [
      await gateway().client.rest('/conversations', { key: token }),
      await gateway().client.rpc('tools/list', {}, { key: token }),
    ]) {
      expect([answer.status, codeOf(answer)]).toEqual([503, 'UNAVAILABLE']);
    }
  });

  it('sends clients there, and issues nothing itself', async () => {
    const { client } = gateway();
    const metadata = await client.rest('/.well-known/oauth-protected-resource/mcp', { key: '' });
    expect(metadata.body).toMatchObject({ authorization_servers: [OIDC_ISSUER] });
    expect((await client.rest('/oauth/jwks', { key: '' })).status).toBe(404);
    expect((await client.rest('/.well-known/oauth-authorization-server/oauth', { key: '' })).status).toBe(
      404,
    );
    const made = await client.rest('/admin/oauth/clients', { body: { name: 'x', scopes: ['mcp:use'] } });
    expect([made.status, codeOf(made)]).toEqual([409, 'CONFLICT']);
  });
});
