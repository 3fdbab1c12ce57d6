import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { alternativeNamesIn } from './certificate-of.ts';
import { forwardedCertificate } from './forwarded-certificate.ts';

const hash = (digit: string) => digit.repeat(64);
const BY = 'By=spiffe://mesh/ns/a/sa/gatehouse';
/** What a proxy of ours appends. */
const ours = `${BY};Hash=${hash('a')};Subject="";URI=spiffe://mesh/ns/a/sa/orders`;
const names = ['uri:spiffe://mesh/ns/a/sa/orders'];

describe('a forwarded client certificate', () => {
  it.each([
    ['an element of Istio', ours, names],
    [
      'a subject',
      `Hash=${hash('a')};Subject="CN=orders,OU=Shop,O=Example";DNS=a.example;DNS=b.example`,
      ['cn:orders', 'dns:a.example', 'dns:b.example'],
    ],
    ['names in other cases', `by=x;HASH=${hash('A')};uri=spiffe://mesh/ns/a/sa/orders`, names],
    [
      'a quoted value with all that ends one',
      `Hash=${hash('a')};Subject="O=a\\, b;,=c";URI="spiffe://mesh/ns/a/sa/orders"`,
      names,
    ],
    [
      'a certificate in a certificate',
      `Hash=${hash('a')};Cert="-----BEGIN%20CERTIFICATE-----";URI=spiffe://mesh/ns/a/sa/orders`,
      names,
    ],
  ])('is read: %s', (_, header, expected) => {
    expect(forwardedCertificate(header)).toEqual({
      fingerprint: hash('a'),
      names: expected,
      fault: undefined,
      expiresAt: Infinity,
    });
  });

  it.each([
    ['an element before', `Hash=${hash('b')};URI=spiffe://mesh/admin,${ours}`],
    ['an element before, of another header line', `Hash=${hash('b')};URI=spiffe://mesh/admin, ${ours}`],
    ['many elements before', `${`Hash=${hash('b')};URI=spiffe://mesh/admin,`.repeat(20)}${ours}`],
    ['a closed quote before', `Hash=${hash('b')};Subject="CN=\\"admin",${ours}`],
  ])('is that of the last proxy alone, whatever its client has sent: %s', (_, header) => {
    expect(forwardedCertificate(header)).toMatchObject({ fingerprint: hash('a'), names, fault: undefined });
  });

  it.each([
    ['an open quote that swallows ours', `Hash=${hash('b')};URI=spiffe://mesh/admin;Subject="a,${ours}`],
    [
      'an open quote that ends in a backslash',
      `Hash=${hash('b')};URI=spiffe://mesh/admin;Subject="a\\,${ours}`,
    ],
    ['a quote within a value', `Hash=${hash('b')};URI=a"b,${ours}`],
    ['no pair', `admin,${ours}`],
    ['an empty element', `,${ours}`],
    ['no hash in the last element', `${ours},URI=spiffe://mesh/admin`],
    ['a hash that is none', 'Hash=abc;URI=spiffe://mesh/admin'],
    ['two hashes', `Hash=${hash('b')};${ours}`],
    ['two subjects', `Hash=${hash('a')};Subject="CN=a";Subject="CN=b"`],
    ['too many elements', `${`Hash=${hash('b')},`.repeat(60)}${ours}`],
    ['too long', `Hash=${hash('a')};URI=${'a'.repeat(9_000)}`],
    ['something after a quoted value', `Hash=${hash('a')};Subject="CN=a"b`],
    ['an end that is none', `${ours};`],
  ])('proves nothing where it is not well-formed: %s', (_, header) => {
    expect(forwardedCertificate(header)).toMatchObject({ names: [], fault: 'FORWARDED_MALFORMED' });
  });

  it.each([
    ['an escaped comma', 'CN=a\\,CN=admin'],
    ['two common names', 'CN=a,CN=admin'],
    ['two in one part', 'CN=a+CN=admin'],
    ['none', 'O=Example'],
    ['an empty one', 'CN=,O=Example'],
    ['another attribute that ends so', 'XCN=admin'],
  ])('has no common name to go by: %s', (_, subject) => {
    expect(forwardedCertificate(`Hash=${hash('a')};Subject="${subject}"`)).toMatchObject({
      names: [],
      fault: undefined,
    });
  });

  it('is read in time, however it is made', () => {
    const time = processorTime(() => {
      for (const part of ['"', '\\"', 'a="', 'a=;', ',', 'a=b,', ' ', '\\', 'Subject="CN=']) {
        forwardedCertificate(part.repeat(Math.floor(8_000 / part.length)));
      }
    });
    expect(time).toBeLessThan(500);
  });
});

describe('the alternative names of a certificate', () => {
  it.each([
    [
      'DNS:a.example, URI:spiffe://mesh/a, email:a@b.example, IP Address:192.0.2.1',
      ['dns:a.example', 'uri:spiffe://mesh/a', 'email:a@b.example'],
    ],
    ['URI:"spiffe://a\\u002c DNS:admin"', ['uri:spiffe://a, DNS:admin']],
    ['DirName:"CN = a\\u002c O = b", DNS:a.example', ['dns:a.example']],
    ['DNS:a" DNS:admin', []],
    ['DNS:a,DNS:admin', []],
    [undefined, []],
  ])('in %j are %j', (text, expected) => {
    expect(alternativeNamesIn(text)).toEqual(expected);
  });
});
