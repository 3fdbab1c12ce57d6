import { NO_RECORD, readLink, type Head, type Link } from '../chain/chain-link.ts';
import { entriesWere, type Finding, type Findings, type Harm } from './finding.ts';
import { Gaps } from './gaps.ts';

/** What something that we trust says of one entry of the chain. */
export interface Claim {
  readonly hash: string;
  /** Who says so, in words. */
  readonly by: string;
}

/** Claims on a chain's entries, by their number. */
export type Claims = ReadonlyMap<number, readonly Claim[]>;

export interface Where {
  readonly segment: number;
  readonly line: number;
}

const CORRELATION_ID = /"correlation_id":"([^"\\]{1,128})"/;

/**
 * Follows one chain line by line and finds what is not as it was written. It goes on after a fault, so that each is
 * told once, by its own name.
 */
export class ChainCheck {
  readonly #removed: number;
  readonly #chain: string;
  readonly #claims: Claims;
  readonly #findings: Findings;
  readonly #gaps = new Gaps();
  #records = 0;
  /** The last entry in its place, and its hash. */
  #seq: number;
  #hash: string;
  /** Lines since then that can't be read; each may have been an entry. */
  #unread = 0;
  #moved: (Where & { from: number; to: number }) | undefined;

  /** `removed`: up to that record all was removed because its time was over. */
  constructor(chain: string, claims: Claims, findings: Findings, removed?: Head) {
    this.#removed = removed?.seq ?? 0;
    this.#seq = this.#removed;
    this.#hash = removed?.hash ?? NO_RECORD;
    this.#chain = chain;
    this.#claims = claims;
    this.#findings = findings;
  }

  /** Up to this entry all was removed because its time was over; 0 where nothing was. */
  get removed(): number {
    return this.#removed;
  }

  get records(): number {
    return this.#records;
  }

  /** The last entry in its place; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  get hash(): string {
    return this.#hash;
  }

  /** `line` is without its line break. `fault`: what is wrong with it beside its bytes. */
  line(line: Buffer, where: Where, fault?: string): void {
    const link = readLink(line);
    if (!link?.sound || link.chain !== this.#chain || fault)
      return this.#unreadable(line, link, where, fault);
    // What was about to be removed, and is not gone yet.
    if (link.seq <= this.#removed) return;
    this.#records++;
    this.#checkClaims(link, line, where);
    if (link.seq > this.#seq) this.#inPlace(link, line, where);
    else this.#outOfPlace(link, line, where);
  }

  /** To be called when all lines are told. */
  end(): void {
    this.#tellMoved();
    for (const { from, to, segment, line } of this.#gaps) {
      this.#tell('removed', { segment, line }, `${entriesWere(from, to)} removed before this line`, {
        seq: from,
        toSeq: to,
      });
    }
    const claimed = Math.max(0, ...this.#claims.keys());
    if (claimed <= this.#seq + this.#unread) return;
    const by = this.#claims.get(claimed)?.[0]?.by ?? '';
    const from = this.#seq + this.#unread + 1;
    this.#tell('truncated', undefined, `${entriesWere(from, claimed)} cut off the end: ${by} has seen that`, {
      seq: from,
      toSeq: claimed,
    });
  }

  #unreadable(line: Buffer, link: Link | undefined, where: Where, fault: string | undefined): void {
    this.#unread++;
    const seq = this.#seq + this.#unread;
    const about = { seq, correlationId: correlationId(line) };
    if (link?.sound && link.chain !== this.#chain) {
      return this.#tell('added', where, `this line belongs to chain ${link.chain}`, about);
    }
    const reason = link ? (link.sound ? fault : 'its hash does not fit it') : 'the line is no record';
    this.#tell('altered', where, `entry ${seq} was altered: ${reason}`, about);
  }

  #inPlace(link: Link, line: Buffer, where: Where): void {
    this.#tellMoved();
    const missing = link.seq - this.#seq - 1 - this.#unread;
    if (missing > 0) {
      this.#gaps.open({ from: this.#seq + this.#unread + 1, to: link.seq - 1, ...where });
    } else if (this.#unread === 0 && link.prev !== this.#hash) {
      const message = `entry ${this.#seq} was altered and hashed anew: entry ${link.seq} names it by another hash`;
      this.#tell('altered', where, message, { seq: this.#seq, correlationId: correlationId(line) });
    }
    this.#seq = link.seq;
    this.#hash = link.hash;
    this.#unread = 0;
  }

  #outOfPlace(link: Link, line: Buffer, where: Where): void {
    if (!this.#gaps.has(link.seq)) {
      this.#tellMoved();
      const message = `entry ${link.seq} stands here once more`;
      return this.#tell('duplicated', where, message, { seq: link.seq, correlationId: correlationId(line) });
    }
    this.#gaps.fill(link.seq);
    if (this.#moved?.to === link.seq - 1) {
      this.#moved.to = link.seq;
    } else {
      this.#tellMoved();
      this.#moved = { ...where, from: link.seq, to: link.seq };
    }
  }

  /** Entries that moved together are one finding. */
  #tellMoved(): void {
    if (!this.#moved) return;
    const { from, to, segment, line } = this.#moved;
    this.#moved = undefined;
    this.#tell('reordered', { segment, line }, `${entriesWere(from, to)} moved here from elsewhere`, {
      seq: from,
      toSeq: to,
    });
  }

  #checkClaims({ seq, hash }: Link, line: Buffer, where: Where): void {
    const other = this.#claims.get(seq)?.find((claim) => claim.hash !== hash);
    if (!other) return;
    const message = `entry ${seq} was altered and hashed anew: ${other.by} names it by another hash`;
    this.#tell('altered', where, message, { seq, correlationId: correlationId(line) });
  }

  #tell(harm: Harm, where: Where | undefined, message: string, about: Partial<Finding>): void {
    this.#findings.add({ harm, chain: this.#chain, ...where, ...about, message });
  }
}

function correlationId(line: Buffer): string | undefined {
  return CORRELATION_ID.exec(line.toString('latin1', 0, 4096))?.[1];
}
