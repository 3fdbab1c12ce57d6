import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  authority,
  certificate,
  databases,
  revocationList,
  scratchFolder,
  sslSettings,
  type CertificateOptions,
  type Pair,
  type ScratchFolder,
} from '#testing';
import { TlsContexts } from '#transport';
import { journalEntries } from './support/audit-records.ts';
import { ADMIN_KEY, bootGateway, type TestGateway } from './support/gateway.ts';
import { secureRequest } from './support/tls-client.ts';

const HOUR_MS = 3_600_000;
const spiffe = (name: string): CertificateOptions => ({
  name: '',
  altNames: [{ type: 6, value: `spiffe://mesh/${name}` }],
});
const PRINCIPALS = [
  'uri:spiffe://mesh/orders=orders:service:pro',
  'dns:review.example=review:auditor',
  'email:ana@example.com=ana:employee',
  'cn:Console=console:admin:enterprise',
].join(',');

const HASH = 'a'.repeat(64);
const ORDERS = `By=spiffe://mesh/gatehouse;Hash=${HASH};Subject="";URI=spiffe://mesh/orders`;
const NOBODY = `Hash=${HASH};URI=spiffe://mesh/nobody`;

type Who =
  | 'orders'
  | 'review'
  | 'ana'
  | 'console'
  | 'of another authority'
  | 'nobody'
  | 'expired'
  | 'early'
  | 'revoked'
  | 'leaver'
  | 'foreign'
  | 'self-signed'
  | 'of two';

describe('client certificates', () => {
  let folder: ScratchFolder;
  let server: Pair;
  let ca: Pair;
  let secondCa: Pair;
  let shown: Record<Who, Pair>;
  let settings: Record<string, string>;
  beforeAll(async () => {
    folder = await scratchFolder();
    ca = await authority('Mesh');
    secondCa = await authority('Another mesh');
    server = await certificate();
    const by = ca;
    shown = {
      orders: await certificate({ ...spiffe('orders'), by }),
      review: await certificate({ altNames: [{ type: 2, value: 'review.example' }], name: 'r', by }),
      ana: await certificate({ altNames: [{ type: 1, value: 'ana@example.com' }], name: 'a', by }),
      console: await certificate({ name: 'Console', altNames: [], by }),
      'of another authority': await certificate({ ...spiffe('orders'), by: secondCa }),
      nobody: await certificate({ ...spiffe('nobody'), by }),
      expired: await certificate({ ...spiffe('orders'), from: -2 * HOUR_MS, until: -HOUR_MS, by }),
      early: await certificate({ ...spiffe('orders'), from: HOUR_MS, until: 2 * HOUR_MS, by }),
      revoked: await certificate({ ...spiffe('orders'), by }),
      leaver: await certificate({ ...spiffe('orders'), by }),
      foreign: await certificate({ ...spiffe('orders'), by: await authority('Mesh') }),
      'self-signed': await certificate(spiffe('orders')),
      'of two': await certificate({
        name: 'Console',
        altNames: [{ type: 6, value: 'spiffe://mesh/orders' }],
        by,
      }),
    };
    const [caPath, crlPath] = [join(folder.path, 'ca.pem'), join(folder.path, 'crl.pem')];
    writeFileSync(caPath, ca.cert + secondCa.cert);
    writeFileSync(crlPath, await listsWithout(shown.revoked));
    settings = {
      ...sslSettings(folder.path, server),
      MTLS_ENABLED: 'true',
      MTLS_CA_PATH: caPath,
      MTLS_CRL_PATH: crlPath,
      MTLS_PRINCIPALS: PRINCIPALS,
    };
  }, 120_000);
  afterAll(() => folder.remove());

  /** What both authorities have revoked, in one file. */
  const listsWithout = async (...revoked: Pair[]) =>
    (await revocationList(secondCa, [])) + (await revocationList(ca, revoked));

  const call = (url: string, who: Who | undefined, headers: Record<string, string> = {}) =>
    secureRequest(url, { ca: server.cert, ...(who && shown[who]), headers });

  /** `tools/list`, without a key. */
  const listTools = (url: string, who: Who | undefined) =>
    secureRequest(`${url}/mcp`, {
      ca: server.cert,
      ...(who && shown[who]),
      headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    });

  describe('of those who have one', () => {
    let booted: TestGateway;
    beforeAll(async () => {
      booted = await bootGateway(databases[0]!, { env: settings });
    });
    afterAll(() => booted.close());

    const conversations = () => `${booted.gateway.url}/conversations`;
    const recordOf = (answer: { headers: Record<string, unknown> }) =>
      booted.recordOf({
        status: 0,
        body: undefined,
        headers: new Headers(answer.headers as Record<string, string>),
      });

    it.each<[Who, string, number, object]>([
      [
        'orders',
        '/conversations',
        200,
        { principal: { id: 'certificate:orders', name: 'orders', role: 'service' } },
      ],
      ['review', '/conversations', 200, { principal: { name: 'review', role: 'auditor' } }],
      ['ana', '/admin/keys', 403, { principal: { name: 'ana', role: 'employee' }, code: 'ACCESS_REFUSED' }],
      ['console', '/admin/keys', 200, { principal: { name: 'console', role: 'admin' } }],
      ['of another authority', '/conversations', 200, { principal: { name: 'orders' } }],
      ['nobody', '/conversations', 403, { code: 'CREDENTIAL_UNKNOWN', notes: { credential: 'unknown' } }],
      ['of two', '/conversations', 403, { code: 'CREDENTIAL_UNKNOWN', notes: { credential: 'ambiguous' } }],
      ['expired', '/conversations', 401, { code: 'CREDENTIAL_EXPIRED', notes: { credential: 'expired' } }],
      [
        'early',
        '/conversations',
        401,
        { code: 'CREDENTIAL_INVALID', notes: { credential: 'CERT_NOT_YET_VALID' } },
      ],
      [
        'revoked',
        '/conversations',
        401,
        { code: 'CREDENTIAL_INVALID', notes: { credential: 'CERT_REVOKED' } },
      ],
      [
        'foreign',
        '/conversations',
        401,
        { code: 'CREDENTIAL_INVALID', notes: { credential: expect.any(String) } },
      ],
      ['self-signed', '/conversations', 401, { code: 'CREDENTIAL_INVALID' }],
    ])('%s at %s gets %i, and is on record', async (who, path, status, record) => {
      const answer = await call(booted.gateway.url + path, who);
      expect(answer.status).toBe(status);
      expect(await recordOf(answer)).toMatchObject(record);
    });

    it('say who calls on MCP, too', async () => {
      const whose = ['orders', 'nobody', 'revoked', undefined] as const;
      const answers = await Promise.all(whose.map((who) => listTools(booted.gateway.url, who)));
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 401]);
    });

    it('are one of two ways in: a key alone will do, and none is a 401', async () => {
      const authorization = `Bearer ${ADMIN_KEY}`;
      expect((await call(conversations(), undefined, { authorization })).status).toBe(200);
      const without = await call(conversations(), undefined);
      expect(without).toMatchObject({ status: 401, body: { code: 'CREDENTIAL_MISSING' } });
    });

    it.each<[Who, string, number]>([
      ['orders', `Bearer ${ADMIN_KEY}`, 200],
      ['revoked', `Bearer ${ADMIN_KEY}`, 200],
      ['orders', 'Bearer wrong', 403],
    ])('of %s counts for nothing beside "%s"', async (who, authorization, status) => {
      const answer = await call(`${booted.gateway.url}/admin/keys`, who, { authorization });
      expect(answer.status).toBe(status);
      expect((await recordOf(answer))?.['notes']).toMatchObject({
        certificate: expect.stringMatching(/^[\da-f]{64}$|^CERT_/),
      });
    });

    it('are not what another site makes a browser show', async () => {
      const [image, own] = [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-origin' }];
      expect((await call(conversations(), 'orders', image)).status).toBe(401);
      expect((await call(conversations(), 'orders', own)).status).toBe(200);
    });

    it('can not be had by a header', async () => {
      const forged = { 'x-forwarded-client-cert': `Hash=${'a'.repeat(64)};URI=spiffe://mesh/orders` };
      expect((await call(conversations(), undefined, forged)).status).toBe(401);
      expect((await call(conversations(), 'nobody', forged)).status).toBe(403);
    });

    it('that are revoked meanwhile are refused, also on a connection that is open', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: server.cert, ...shown.leaver });
      const ask = () => secureRequest(conversations(), { agent });
      expect((await ask()).status).toBe(200);
      writeFileSync(settings['MTLS_CRL_PATH']!, await listsWithout(shown.revoked, shown.leaver));
      await booted.gateway.app.get(TlsContexts).renew();
      const after = await ask().catch(() => ask());
      expect(after).toMatchObject({ status: 401, body: { code: 'CREDENTIAL_INVALID' } });
      agent.destroy();
    });
  });

  describe('that are required', () => {
    let booted: TestGateway;
    beforeAll(async () => {
      booted = await bootGateway(databases[0]!, { env: { ...settings, MTLS_REQUIRED: 'true' } });
    });
    afterAll(() => booted.close());

    it.each<[Who | undefined]>([[undefined], ['foreign'], ['revoked'], ['expired']])(
      'end the connection of %s before a byte of HTTP is read',
      async (who) => {
        const path = `${booted.gateway.url}/health`;
        await expect(call(path, who, { authorization: `Bearer ${ADMIN_KEY}` })).rejects.toThrow(
          /socket|ECONNRESET/,
        );
      },
    );

    it('let in who has one, and are on record where they were missing', async () => {
      expect((await call(`${booted.gateway.url}/conversations`, 'orders')).status).toBe(200);
      await expect(call(`${booted.gateway.url}/conversations`, undefined)).rejects.toThrow(
        /socket|ECONNRESET/,
      );
      const refused = () =>
        journalEntries(booted.dataDir).filter(
          ({ event, code, door }) =>
            event === 'invalid_auth' && code === 'CREDENTIAL_MISSING' && door === undefined,
        );
      await expect.poll(refused).toHaveLength(1);
      expect(refused()[0]).toMatchObject({
        ip: '127.0.0.1',
        result: 'refused',
        notes: { reason: 'uncertified' },
      });
    });

    it('are not required of probes, on the management port', async () => {
      expect((await call(`${booted.gateway.managementUrl}/health`, undefined)).status).toBe(200);
    });
  });

  describe('that a mesh forwards', () => {
    let booted: TestGateway;
    const mesh = { MTLS_ENABLED: 'true', MTLS_FORWARDED: 'true', MTLS_PRINCIPALS: PRINCIPALS };
    beforeAll(async () => {
      booted = await bootGateway(databases[0]!, { env: { ...mesh, TRUSTED_PROXIES: '127.0.0.0/8' } });
    });
    afterAll(() => booted.close());

    it.each<[string, string, number, object]>([
      ['one element', ORDERS, 200, { principal: { name: 'orders' }, key_id: `certificate:${HASH}` }],
      ['after what its client has sent', `${NOBODY},${ORDERS}`, 200, { principal: { name: 'orders' } }],
      ['of somebody unknown', NOBODY, 403, { code: 'CREDENTIAL_UNKNOWN' }],
      [
        'of somebody unknown who claims to be known',
        `${ORDERS},${NOBODY}`,
        403,
        { code: 'CREDENTIAL_UNKNOWN' },
      ],
      ['that can not be read', `${ORDERS},"`, 401, { code: 'CREDENTIAL_INVALID' }],
      ['of nothing', '', 401, { code: 'CREDENTIAL_MISSING' }],
    ])('count where the proxy is trusted: %s', async (_, xfcc, status, record) => {
      const answer = await booted.client.rest('/conversations', {
        key: '',
        headers: { 'x-forwarded-client-cert': xfcc },
      });
      expect(answer.status).toBe(status);
      expect(await booted.recordOf(answer)).toMatchObject(record);
    });
  });
});
