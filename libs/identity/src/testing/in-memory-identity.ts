import { readConfig, type Environment } from '#config';
import type { Secrets } from '#secrets';
import { ApiKeyAuthority } from '../api-key-authority.ts';
import { ApiKeys } from '../api-keys.service.ts';
import { Authorities } from '../authority.ts';
import { CallerProof } from '../caller-proof.ts';
import { CertificateAuthority } from '../certificates/certificate-authority.ts';
import { certificatesConfig } from '../certificates/certificates.config.ts';
import { ConfiguredAdmin } from '../configured-admin.ts';
import { CredentialVerifier } from '../credential-verifier.ts';
import { identityConfig } from '../identity.config.ts';
import { IdentityGuard } from '../identity.guard.ts';
import { NoKeyNews, type KeyNews } from '../key-news.ts';
import { KeyUsage } from '../key-usage.ts';
import type { KeyStore } from '../key-store.ts';
import { MemoryAuthenticationBudget } from '../memory-authentication-budget.ts';
import { MemoryKeyStore } from './memory-key-store.ts';
import { Pepper } from '../pepper.ts';
import { PrincipalStanding } from '../principal-standing.ts';
import { Verdicts } from '../verdicts.ts';

/** The parts of this lib, put together by hand: one replica over a store, without Nest and without a database. */
export function inMemoryIdentity(
  env: Environment = {},
  store: KeyStore = new MemoryKeyStore(),
  news: KeyNews = new NoKeyNews(),
  secrets?: Secrets,
) {
  const config = readConfig(identityConfig, env);
  const pepper = new Pepper(config.pepper ?? 'a pepper for keys that nobody has', config.previousPepper, 0);
  const authorities = new Authorities();
  const certificates = new CertificateAuthority(readConfig(certificatesConfig, env));
  for (const authority of [new ApiKeyAuthority(store, pepper), certificates]) authorities.add(authority);
  const verdicts = new Verdicts(authorities, news);
  const configured = new ConfiguredAdmin(pepper, config, secrets);
  const budget = new MemoryAuthenticationBudget(config);
  const usage = new KeyUsage(store);
  const verifier = new CredentialVerifier(verdicts, authorities, configured, budget, usage, pepper);
  const keys = new ApiKeys(store, pepper, verdicts, configured, config);
  const caller = new CallerProof(verifier, certificates);
  const standing = new PrincipalStanding(authorities, configured);
  return {
    store,
    pepper,
    authorities,
    verdicts,
    configured,
    budget,
    usage,
    verifier,
    caller,
    keys,
    standing,
    guard: new IdentityGuard(caller, standing),
  };
}
