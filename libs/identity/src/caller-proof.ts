import { Injectable } from '@nestjs/common';
import type { Call, Principal } from '#call';
import { bearerToken } from './bearer.ts';
import { CertificateAuthority } from './certificates/certificate-authority.ts';
import { CredentialVerifier } from './credential-verifier.ts';

/**
 * Who a call proves to be. What stands in its Authorization header is its credential, good or bad; a certificate counts
 * where there is no such header, and never makes good for a bad one.
 */
@Injectable()
export class CallerProof {
  constructor(
    private readonly verifier: CredentialVerifier,
    private readonly certificates: CertificateAuthority,
  ) {}

  /** Whether there is anything to look at. */
  offered({ authorization, clientCertificate }: Call): boolean {
    return authorization !== undefined || clientCertificate !== undefined;
  }

  /** @throws CredentialMissing, CredentialUnknown, CredentialInvalid, CredentialExpired; GatehouseError RATE_LIMITED, UNAVAILABLE */
  prove(call: Call): Principal | Promise<Principal> {
    const { authorization, clientCertificate: certificate } = call;
    if (!certificate) return this.verifier.verify(bearerToken(authorization), call);
    if (authorization === undefined) return this.certificates.prove(certificate, call);
    // It decides nothing; whoever reads the record may want to know all the same.
    call.note('certificate', certificate.fault ?? certificate.fingerprint);
    return this.verifier.verify(bearerToken(authorization), call);
  }
}
