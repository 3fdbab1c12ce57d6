import { describe, expect, it } from 'vitest';
import { Call, type CertificateName, type ClientCertificate } from '#call';
import { readConfig } from '#config';
import { inMemoryIdentity } from '../testing/in-memory-identity.ts';
import { CertificatePrincipals } from './certificate-principals.ts';
import { certificatesConfig } from './certificates.config.ts';

const ADMIN_KEY = 'the-admin-key-of-this-very-test-0123';
const env = {
  GATEHOUSE_API_KEY: ADMIN_KEY,
  MTLS_PRINCIPALS:
    'uri:spiffe://mesh/orders=orders:service:pro, dns:orders.example=orders:service:pro, cn:Ana Silva=ana:employee, email:eve@a=b.example=eve:auditor',
};

function certificate(names: CertificateName[], more: Partial<ClientCertificate> = {}): ClientCertificate {
  return { fingerprint: 'f'.repeat(64), names, fault: undefined, expiresAt: Infinity, ...more };
}

function call(shown: ClientCertificate, authorization?: string): Call {
  return new Call({ door: 'rest', address: '192.0.2.1', authorization, clientCertificate: shown });
}

describe('a client certificate', () => {
  const { caller, standing, keys } = inMemoryIdentity(env);
  const prove = (shown: ClientCertificate) => caller.prove(call(shown));

  it.each<[CertificateName[], object]>([
    [
      ['uri:spiffe://mesh/orders'],
      { id: 'certificate:orders', name: 'orders', role: 'service', tier: 'pro' },
    ],
    [['dns:Orders.Example', 'uri:spiffe://mesh/orders'], { id: 'certificate:orders', role: 'service' }],
    [['cn:Ana Silva', 'dns:unknown.example'], { id: 'certificate:ana', role: 'employee', tier: undefined }],
    [['email:eve@a=b.example'], { id: 'certificate:eve', role: 'auditor' }],
  ])('with %j is that of %j', (names, expected) => {
    const shown = certificate(names);
    const principal = prove(shown);
    expect(principal).toMatchObject({ ...expected, keyId: `certificate:${'f'.repeat(64)}` });
    expect(prove(shown)).toBe(principal);
  });

  it.each<[string, ClientCertificate, string, string]>([
    ['no name', certificate([]), 'CREDENTIAL_UNKNOWN', 'unknown'],
    ['a name that is not mapped', certificate(['cn:Ben']), 'CREDENTIAL_UNKNOWN', 'unknown'],
    [
      'a mapped name of another kind',
      certificate(['dns:Ana Silva', 'cn:orders.example']),
      'CREDENTIAL_UNKNOWN',
      'unknown',
    ],
    [
      'the names of two',
      certificate(['cn:Ana Silva', 'dns:orders.example']),
      'CREDENTIAL_UNKNOWN',
      'ambiguous',
    ],
    ['another case in a URI', certificate(['uri:spiffe://mesh/Orders']), 'CREDENTIAL_UNKNOWN', 'unknown'],
    [
      'a time that is over',
      certificate(['cn:Ana Silva'], { expiresAt: Date.now() }),
      'CREDENTIAL_EXPIRED',
      'expired',
    ],
    [
      'an expiry found by OpenSSL',
      certificate(['cn:Ana Silva'], { fault: 'CERT_HAS_EXPIRED' }),
      'CREDENTIAL_EXPIRED',
      'expired',
    ],
    [
      'a foreign signature',
      certificate(['cn:Ana Silva'], { fault: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      'CREDENTIAL_INVALID',
      'SELF_SIGNED_CERT_IN_CHAIN',
    ],
    [
      'a revocation',
      certificate(['cn:Ana Silva'], { fault: 'CERT_REVOKED' }),
      'CREDENTIAL_INVALID',
      'CERT_REVOKED',
    ],
  ])('with %s is refused, and the record says why', (_, shown, code, reason) => {
    const refused = call(shown);
    expect(() => caller.prove(refused)).toThrow(expect.objectContaining({ code }));
    expect(refused.notes).toEqual({ credential: reason, key_id: `certificate:${shown.fingerprint}` });
  });

  describe('beside an Authorization header', () => {
    const mapped = certificate(['uri:spiffe://mesh/orders']);

    it('adds nothing to a good key, and is on record', async () => {
      const { secret } = await keys.create({ name: 'agent', role: 'employee' }, {
        ...(prove(mapped) as object),
        role: 'admin',
      } as never);
      const both = call(mapped, `Bearer ${secret}`);
      expect(await caller.prove(both)).toMatchObject({ name: 'agent', role: 'employee' });
      expect(both.notes).toEqual({ certificate: mapped.fingerprint });
    });

    it('that is bad takes nothing from a good key', async () => {
      const both = call(certificate([], { fault: 'CERT_REVOKED' }), `Bearer ${ADMIN_KEY}`);
      expect(await caller.prove(both)).toMatchObject({ role: 'admin' });
      expect(both.notes).toEqual({ certificate: 'CERT_REVOKED' });
    });

    it.each([['Bearer nobody'], ['Basic YTpi'], ['']])(
      'does not make good for a bad one: %j',
      async (authorization) => {
        await expect(async () => caller.prove(call(mapped, authorization))).rejects.toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^CREDENTIAL_/) }),
        );
      },
    );
  });

  it('carries work that goes on without its client, while it is mapped', async () => {
    const principal = await prove(certificate(['dns:orders.example']));
    expect(await standing.renew(principal)).toEqual(principal);
    await expect(inMemoryIdentity({}).standing.renew(principal)).rejects.toMatchObject({
      code: 'CREDENTIAL_UNKNOWN',
    });
  });
});

describe('MTLS_PRINCIPALS', () => {
  it.each([
    ['orders=orders:service', 'no kind of name'],
    ['cn:orders=orders', 'no role'],
    ['cn:orders=orders:root', 'a role that is none'],
    ['cn:orders=orders:service:gold', 'a tier that is none'],
    ['cn:=orders:service', 'an empty name'],
    ['cn:a=one:service,cn:a=two:service', 'one name for two'],
    ['cn:a=one:service,cn:b=one:admin', 'two roles of one'],
    ['cn:a=one:service:pro,cn:b=one:service', 'two tiers of one'],
    ['dns:A.example=one:service,dns:a.example=two:service', 'one host name in two cases'],
  ])('stops the boot on %j: %s', (given) => {
    expect(() => readConfig(certificatesConfig, { MTLS_PRINCIPALS: given })).toThrow(/MTLS_PRINCIPALS is/);
  });

  it('lets nobody in unless it is set', () => {
    const { principals } = readConfig(certificatesConfig, {});
    expect(principals).toEqual(new CertificatePrincipals([]));
    expect(principals.holdersOf(['cn:anybody'])).toEqual([]);
  });
});
