import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissions } from '#rbac';
import {
  authority,
  certificate,
  IssuerServer,
  revocationList,
  scratchFolder,
  sslSettings,
  type CertificateOptions,
  type Pair,
} from '#testing';
import {
  everyDoor,
  gone,
  late,
  unknown,
  type CredentialGroup,
  type CredentialKind,
  type CredentialState,
} from './credentials.ts';

const HOUR_MS = 3_600_000;
const CONSOLE = 'spiffe://mesh/console';
const MTLS = { MTLS_ENABLED: 'true', MTLS_PRINCIPALS: `uri:${CONSOLE}=console:admin:enterprise` };
const issuer = new IssuerServer();
const impostor = new IssuerServer();

/** Of a program. Whether it was revoked, only its issuer knows. */
const externalToken: CredentialKind = {
  name: 'an access token of an external issuer',
  doors: () => everyDoor,
  make(state, { client }) {
    const past = Math.floor(Date.now() / 1000) - 60;
    const claims = {
      iss: issuer.issuer,
      aud: `${client.url}/mcp`,
      sub: 'console',
      client_id: 'console',
      role: 'admin',
      scope: permissions.join(' '),
      ...(state === 'expired' && { iat: past - 60, exp: past }),
    };
    return (state === 'foreign' ? impostor : issuer).token(claims);
  },
  refusals: { expired: late, foreign: gone },
};

/** The proxy verifies it, and has nothing to forward of one that is over. */
const forwardedCertificate: CredentialKind = {
  name: 'a client certificate that a proxy forwards',
  // What comes to the TCP port carries no header.
  doors: () => ['rest', 'mcp', 'ws'],
  make: async (state) => {
    const whose = state === 'valid' ? CONSOLE : 'spiffe://mesh/nobody';
    const header = `By=spiffe://mesh/gatehouse;Hash=${'a'.repeat(64)};Subject="";URI=${whose}`;
    return { key: '', headers: { 'x-forwarded-client-cert': header } };
  },
  refusals: { foreign: unknown },
};

/** What others have proven, or whom others have named. */
export const provenElsewhere: CredentialGroup = {
  name: 'proven elsewhere',
  kinds: [externalToken, forwardedCertificate],
  open: async () => {
    await issuer.start();
    // The same name for another key.
    await Promise.all([issuer.rotate('ES256', 'one'), impostor.rotate('ES256', 'one')]);
    return {
      env: {
        OIDC_ISSUER: issuer.issuer,
        ...MTLS,
        MTLS_FORWARDED: 'true',
        TRUSTED_PROXIES: '127.0.0.0/8',
      },
      close: () => issuer.stop(),
    };
  },
};

let server: Pair;
const shown = new Map<CredentialState, Pair>();

const clientCertificate: CredentialKind = {
  name: 'a client certificate',
  doors: () => everyDoor,
  make: async (state) => ({ key: '', tls: { ca: server.cert, ...shown.get(state) } }),
  refusals: { expired: late, revoked: gone, foreign: gone },
};

/** What the handshake proves. */
export const provenByTls: CredentialGroup = {
  name: 'proven by TLS',
  kinds: [clientCertificate],
  open: async () => {
    const folder = await scratchFolder();
    const [by, another] = [await authority('Mesh'), await authority('Mesh')];
    const named: CertificateOptions = { name: '', altNames: [{ type: 6, value: CONSOLE }], by };
    server = await certificate();
    shown.set('valid', await certificate(named));
    shown.set('revoked', await certificate(named));
    shown.set('expired', await certificate({ ...named, from: -2 * HOUR_MS, until: -HOUR_MS }));
    shown.set('foreign', await certificate({ ...named, by: another }));
    const [caPath, crlPath] = [join(folder.path, 'ca.pem'), join(folder.path, 'crl.pem')];
    writeFileSync(caPath, by.cert);
    writeFileSync(crlPath, await revocationList(by, [shown.get('revoked')!]));
    return {
      env: {
        ...sslSettings(folder.path, server),
        ...MTLS,
        MTLS_CA_PATH: caPath,
        MTLS_CRL_PATH: crlPath,
      },
      close: () => folder.remove(),
    };
  },
};
