import { Inject, Injectable } from '@nestjs/common';
import type { Call, ClientCertificate, Principal } from '#call';
import type { ConfigOf } from '#config';
import { CredentialInvalid } from '#errors';
import { Authority, type CredentialForm } from '../authority.ts';
import { refusals } from '../refusals.ts';
import type { Verdict } from '../verdict.ts';
import type { CertificateHolder } from './certificate-principals.ts';
import { certificatesConfig } from './certificates.config.ts';

const PREFIX = 'certificate:';
/** OpenSSL's word for a certificate whose time is over. */
const EXPIRED = 'CERT_HAS_EXPIRED';

/**
 * Client certificates. TLS has proven that its client holds the key and who has signed it; whose it is, MTLS_PRINCIPALS
 * says, and nobody is let in by a default.
 */
@Injectable()
export class CertificateAuthority extends Authority {
  override readonly credential = 'certificate';
  /** One object for each connection: what is made of a principal for its records is made once. */
  readonly #proven = new WeakMap<ClientCertificate, Principal>();

  constructor(@Inject(certificatesConfig.KEY) private readonly config: ConfigOf<typeof certificatesConfig>) {
    super();
  }

  /** @throws CredentialInvalid, CredentialUnknown, CredentialExpired */
  prove(certificate: ClientCertificate, call: Call): Principal {
    const { fault, expiresAt } = certificate;
    if (fault === EXPIRED || Date.now() >= expiresAt) {
      note(call, 'expired', certificate);
      throw refusals.certificate.expired();
    }
    if (fault !== undefined) {
      note(call, fault, certificate);
      throw new CredentialInvalid('The client certificate is not valid here');
    }
    return this.#proven.get(certificate) ?? this.#identify(certificate, call);
  }

  /** A certificate is never what stands in a header. */
  override formOf(): CredentialForm {
    return 'foreign';
  }

  override async judge(_token: string, askedAt: number): Promise<Verdict> {
    return unknown(undefined, askedAt);
  }

  override vouchesFor({ keyId }: Principal): boolean {
    return keyId.startsWith(PREFIX);
  }

  /** It stands and falls with its place in MTLS_PRINCIPALS: the certificate itself may have been renewed since. */
  override async renew({ id, keyId }: Principal, askedAt: number): Promise<Verdict> {
    const holder = this.config.principals.withId(id);
    if (!holder) return unknown(keyId, askedAt);
    const principal = principalOf(holder, keyId);
    return {
      proven: true,
      credential: 'certificate',
      principal,
      expiresAt: Infinity,
      askedAt,
      usedAt: Infinity,
    };
  }

  #identify(certificate: ClientCertificate, call: Call): Principal {
    const [holder, ...others] = this.config.principals.holdersOf(certificate.names);
    if (!holder || others.length > 0) {
      note(call, holder ? 'ambiguous' : 'unknown', certificate);
      throw refusals.certificate.unknown();
    }
    const principal = principalOf(holder, PREFIX + certificate.fingerprint);
    this.#proven.set(certificate, principal);
    return principal;
  }
}

function principalOf({ id, name, role, tier }: CertificateHolder, keyId: string): Principal {
  return Object.freeze({ id, name, role, tier, keyId });
}

function unknown(keyId: string | undefined, askedAt: number): Verdict {
  return { proven: false, credential: 'certificate', reason: 'unknown', keyId, askedAt };
}

/** For the audit trail only: a stranger does not learn which of these it was. */
function note(call: Call, reason: string, { fingerprint }: ClientCertificate): void {
  call.note('credential', reason);
  call.note('key_id', PREFIX + fingerprint);
}
