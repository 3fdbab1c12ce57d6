import { hash } from 'node:crypto';

/** A record of a chain, named so that nobody can put another in its place. */
export interface Head {
  readonly chain: string;
  /** 1 is the chain's first record. */
  readonly seq: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** What the first record of a chain names as the one before it. */
export const NO_RECORD = '0'.repeat(64);

/**
 * Makes lines of a chain. A line is `{"chain":…,"seq":…,"prev":…,BODY,"hash":…}`, in ASCII; its hash is the SHA-256 of
 * all its bytes up to `,"hash"`, its prev the hash of the line before.
 */
export class ChainLinker {
  seq: number;
  hash: string;
  readonly #start: string;

  constructor({ chain, seq, hash: last }: Head) {
    this.#start = `{"chain":"${chain}","seq":`;
    this.seq = seq;
    this.hash = last;
  }

  /** The next line. `body` is the inside of a JSON object, in ASCII and without a line break. */
  link(body: string): string {
    const unsealed = `${this.#start}${++this.seq},"prev":"${this.hash}",${body}`;
    this.hash = hash('sha256', unsealed, 'hex');
    return `${unsealed},"hash":"${this.hash}"}\n`;
  }
}

/** What a line says of its place. */
export interface Link extends Head {
  readonly prev: string;
  /** Whether the hash fits the line's bytes. */
  readonly sound: boolean;
}

const SEAL = /^,"hash":"([0-9a-f]{64})"\}$/;
const SEAL_LENGTH = 75;
const START = /^\{"chain":"([\w-]{1,64})","seq":(\d{1,15}),"prev":"([0-9a-f]{64})",/;
const START_LENGTH = 192;

/** Reads a line, without its line break. Undefined where it is no line of any chain. */
export function readLink(line: Buffer): Link | undefined {
  const end = line.length - SEAL_LENGTH;
  if (end <= 0) return undefined;
  const seal = SEAL.exec(line.toString('latin1', end));
  const start = START.exec(line.toString('latin1', 0, Math.min(START_LENGTH, end)));
  if (!seal || !start) return undefined;
  const [, sealed = ''] = seal;
  const [, chain = '', seq, prev = ''] = start;
  const sound = hash('sha256', line.subarray(0, end), 'hex') === sealed;
  return { chain, seq: Number(seq), prev, hash: sealed, sound };
}
