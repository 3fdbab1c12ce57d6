import { roles, tiers, type CertificateName, type Principal, type Role, type Tier } from '#call';

/** Who a certificate stands for: a principal, but for the certificate. */
export type CertificateHolder = Pick<Principal, 'id' | 'name' | 'role' | 'tier'>;

const MAX_ENTRIES = 1_000;
/** The last `=` ends the name: a URI may hold others. */
const ENTRY = /^(cn|dns|uri|email):([^,]{1,512})=([\w.@-]{1,64}):([a-z]+)(?::([a-z]+))?$/;

/** MTLS_PRINCIPALS: which names in certificates stand for whom. */
export class CertificatePrincipals {
  readonly #byName: ReadonlyMap<CertificateName, CertificateHolder>;

  constructor(entries: readonly (readonly [CertificateName, CertificateHolder])[]) {
    this.#byName = new Map(entries);
  }

  /** Undefined where any of it is not understood, or says two things of one: nothing of it may be guessed. */
  static parse(raw: string): CertificatePrincipals | undefined {
    const texts = raw
      .split(',')
      .map((text) => text.trim())
      .filter((text) => text !== '');
    const entries = texts.map(entryOf).filter((entry) => entry !== undefined);
    const whole = entries.length === texts.length && entries.length <= MAX_ENTRIES;
    return whole && agree(entries) ? new CertificatePrincipals(entries) : undefined;
  }

  /** All that the names of one certificate stand for: it proves somebody where that is exactly one. */
  holdersOf(names: readonly CertificateName[]): CertificateHolder[] {
    const found = names.map((name) => this.#byName.get(canonical(name)));
    return [...new Map(found.filter((one) => one !== undefined).map((one) => [one.id, one])).values()];
  }

  /** Whoever has that id; undefined where nobody has it any more. */
  withId(id: string): CertificateHolder | undefined {
    return [...this.#byName.values()].find((holder) => holder.id === id);
  }

  /** For the README. */
  toString(): string {
    return '';
  }
}

type Entry = readonly [CertificateName, CertificateHolder];

function entryOf(text: string): Entry | undefined {
  const [, kind, subject, name, role, tier] = ENTRY.exec(text) ?? [];
  if (name === undefined || !isRole(role) || !(tier === undefined || isTier(tier))) return undefined;
  // Never the id of a key: those are UUIDs.
  return [canonical(`${kind as 'cn'}:${subject}`), { id: `certificate:${name}`, name, role, tier }];
}

/** DNS names know no case (RFC 4343), and are compared as such alone. */
function canonical(name: CertificateName): CertificateName {
  return name.startsWith('dns:') ? (name.toLowerCase() as CertificateName) : name;
}

/** One name stands for one principal, and one principal has one role and one tier, whichever certificate it shows. */
function agree(entries: readonly Entry[]): boolean {
  const [names, holders] = [new Map<string, string>(), new Map<string, string>()];
  return entries.every(([name, { id, role, tier = '' }]) => {
    const rights = `${role}:${tier}`;
    if ((names.get(name) ?? id) !== id || (holders.get(id) ?? rights) !== rights) return false;
    names.set(name, id);
    holders.set(id, rights);
    return true;
  });
}

function isRole(text: string | undefined): text is Role {
  return (roles as readonly (string | undefined)[]).includes(text);
}

function isTier(text: string): text is Tier {
  return (tiers as readonly string[]).includes(text);
}
