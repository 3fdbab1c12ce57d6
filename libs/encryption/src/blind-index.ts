import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '#config';
import type { Database } from '#persistence';
import { CannotOpen } from './cannot-open.ts';
import type { Envelope } from './envelope.ts';
import type { EncryptionKey } from './keys/encryption-key.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { canaryPlace, keyInForce } from './keys/open-key-ring.ts';
import { splitSealed, type SealContext } from './sealed-text.ts';

export const indexPlace: SealContext = { table: 'encryption_keys', column: 'index_key', row: '1' };
/** 96 bits: two of 2^32 different texts have one mark with a chance of 2^-33. */
const MARK_BYTES = 12;
/** A key that another process has put in force may be on its way here. */
const PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 25;

/** Makes marks under one key. To be taken once for all that is written together, since the key may change meanwhile. */
export class Marker {
  readonly #key: Buffer;

  /** `keyId`: of the ENCRYPTION_KEY that it comes from. */
  constructor(
    readonly keyId: string,
    key: Buffer,
  ) {
    this.#key = key;
  }

  /** `~` and 16 letters: nothing that PostgreSQL's parser makes a word of. */
  mark(kind: string, text: string): string {
    const digest = createHmac('sha256', this.#key).update(`${kind}\0${text}`).digest();
    return `~${digest.toString('base64url', 0, MARK_BYTES)}`;
  }
}

/**
 * What sealed texts are found by: the same text of a kind has the same mark (HMAC-SHA-256), and nobody without the key can
 * tell what a mark stands for, or make one for a guess. Who reads the database still sees which rows have the same mark.
 *
 * The key of the marks is derived from ENCRYPTION_KEY and changes with it: whoever once had that key can't make the marks of
 * now. Until all is marked anew, a text is looked for by its mark under each key that is known here.
 */
export class BlindIndex {
  readonly #ring: KeyRing;
  readonly #database: Database;
  /** Marks had a random key of their own once, the same under any ENCRYPTION_KEY. */
  #former: Marker | undefined;
  readonly #markers = new Map<string, Marker>();

  constructor(ring: KeyRing, database: Database, former?: Buffer) {
    this.#ring = ring;
    this.#database = database;
    this.#former = former && new Marker('', former);
  }

  /** For what is written now. */
  get current(): Marker {
    return this.#markerOf(this.#ring.current);
  }

  /**
   * For what is looked for: a text may lie under any of them.
   * @throws {CannotOpen} where another process marks by a key that is not here: better no answer than one with holes.
   */
  async known(): Promise<readonly Marker[]> {
    await this.#learn(await keyInForce(this.#database));
    const markers = this.#ring.ids.map((id) => this.#markerOf(this.#ring.get(id)!));
    return this.#former ? [...markers, this.#former] : markers;
  }

  /** No mark is left that was made with the key of before. */
  async forgetFormer(): Promise<void> {
    if (!this.#former) return;
    await this.#database.kysely.updateTable('encryption_keys').set({ index_key: null }).execute();
    this.#former = undefined;
  }

  async #learn(id: string): Promise<void> {
    if (this.#ring.get(id)) return;
    const until = performance.now() + PATIENCE_MS;
    await this.#ring.onUnknown();
    while (!this.#ring.get(id)) {
      if (performance.now() > until) throw new CannotOpen(canaryPlace, `key ${id} is not known here`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  #markerOf(key: EncryptionKey): Marker {
    let marker = this.#markers.get(key.id);
    if (!marker) this.#markers.set(key.id, (marker = new Marker(key.id, key.keyFor('blind index'))));
    return marker;
  }
}

/** Opens the key that marks had once, where some were made with it. @throws ConfigError when it does not open */
export async function openBlindIndex(
  database: Database,
  envelope: Envelope,
  ring: KeyRing,
): Promise<BlindIndex> {
  const { index_key: sealed } = await database.kysely
    .selectFrom('encryption_keys')
    .select('index_key')
    .executeTakeFirstOrThrow();
  if (sealed === null) return new BlindIndex(ring, database);
  const text = opened(envelope, sealed);
  if (splitSealed(sealed)?.keyId !== envelope.keyId) {
    const anew = { index_key: envelope.seal(text, indexPlace) };
    await database.kysely.updateTable('encryption_keys').set(anew).where('index_key', '=', sealed).execute();
  }
  return new BlindIndex(ring, database, Buffer.from(text, 'base64'));
}

function opened(envelope: Envelope, sealed: string): string {
  try {
    return envelope.open(sealed, indexPlace);
  } catch (cause) {
    const fault =
      `The key of the index does not open: ENCRYPTION_PREVIOUS_KEYS must hold key ${splitSealed(sealed)?.keyId ?? '?'}, ` +
      'which sealed it';
    throw Object.assign(new ConfigError([fault]), { cause });
  }
}
