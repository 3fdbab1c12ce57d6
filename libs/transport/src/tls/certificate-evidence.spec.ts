import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CertificateEvidence } from './certificate-evidence.ts';

const header = { 'x-forwarded-client-cert': `Hash=${'a'.repeat(64)};URI=spiffe://mesh/orders` };

describe('a forwarded client certificate', () => {
  it.each([
    ['a proxy on the list', '192.0.2.7', true],
    ['a proxy in a range on the list', '10.1.2.3', true],
    ['the same, on a socket of both families', '::ffff:10.1.2.3', true],
    ['anybody else', '192.0.2.8', false],
    ['anybody else, on a socket of both families', '::ffff:192.0.2.8', false],
    ['a connection that has ended', undefined, false],
  ])('from %s (%s) counts: %s', (_, remoteAddress, counts) => {
    const settings = { clientCertificates: true, forwarded: true };
    const evidence = new CertificateEvidence(settings, { trustedProxies: ['192.0.2.7', '10.0.0.0/8'] });
    const found = evidence.ofRequest({ remoteAddress } as Socket, header);
    expect(found?.names).toEqual(counts ? ['uri:spiffe://mesh/orders'] : undefined);
  });

  it.each([
    { clientCertificates: true, forwarded: false },
    { clientCertificates: false, forwarded: false },
  ])('counts for nothing with %j', (settings) => {
    const evidence = new CertificateEvidence(settings, { trustedProxies: ['192.0.2.7'] });
    expect(evidence.ofRequest({ remoteAddress: '192.0.2.7' } as Socket, header)).toBeUndefined();
  });
});
