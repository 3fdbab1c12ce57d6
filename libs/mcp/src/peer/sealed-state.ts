import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { liveValue, Secrets } from '#secrets';
import { mcpConfig } from '../mcp.config.ts';

/** What a state is about, beside what it holds: it opens for this alone. */
export interface Binding {
  /** Whose call it was. */
  readonly principalId: string;
  /** Which tool, prompt or resource, and with what arguments. */
  readonly request: string;
}

interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** A person may have to answer a form first. */
const LIFETIME_MS = 15 * 60_000;

/**
 * Keeps the state of a call that waits for its client with the client itself: AES-256-GCM, so that it can neither read
 * it nor change it, bound to the principal and to the request, and for a while only (MCP 2026-07-28, "Multi Round-Trip
 * Requests", server requirements 4 and 5). Each sealed text names its key, so that keys can be changed under way.
 */
@Injectable()
export class SealedState {
  #keys: readonly [SealingKey, ...SealingKey[]];

  /** Without a secret of its own, a process seals with one that it forgets: what waits then ends with a restart. */
  constructor(
    @Optional() @Inject(mcpConfig.KEY) config?: ConfigOf<typeof mcpConfig>,
    @Optional() secrets?: Secrets,
  ) {
    const { settings } = mcpConfig;
    const own = randomBytes(32).toString('hex');
    const current = liveValue(secrets, settings.stateSecret, config?.stateSecret);
    const previous = liveValue(secrets, settings.previousStateSecret, config?.previousStateSecret);
    const keysNow = (): readonly [SealingKey, ...SealingKey[]] => [
      keyOf(current.current ?? own),
      // The last one is what this process has sealed with before the change, whatever the settings say of it.
      ...[previous.current, current.previous].flatMap((secret) =>
        secret === undefined ? [] : [keyOf(secret)],
      ),
    ];
    this.#keys = keysNow();
    for (const secret of [current, previous]) secret.onChange(() => (this.#keys = keysNow()));
  }

  seal(value: unknown, binding: Binding): string {
    const [{ id, key }] = this.#keys;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(bound(id, binding));
    const text = JSON.stringify({ until: Date.now() + LIFETIME_MS, value });
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${id}.${sealed.toString('base64url')}`;
  }

  /** Throws STATE_REFUSED for what was not sealed here, for this principal, for this request, or not lately. */
  open(text: string, binding: Binding): unknown {
    const { until, value } = this.#opened(text, binding);
    if (Date.now() >= until) throw refused('has expired');
    return value;
  }

  #opened(text: string, binding: Binding): { until: number; value: unknown } {
    const [id = '', payload = ''] = text.split('.', 2);
    const key = this.#keys.find((one) => one.id === id)?.key;
    const sealed = Buffer.from(payload, 'base64url');
    // One text for one state: Base64 may be written in more than one way.
    const isExact = `${id}.${sealed.toString('base64url')}` === text;
    if (!key || !isExact || sealed.length < IV_BYTES + TAG_BYTES) throw refused('was not made here');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES))
        .setAAD(bound(id, binding))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      const open = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      return JSON.parse(open.toString('utf8')) as { until: number; value: unknown };
    } catch (cause) {
      throw refused('was not made for this call', cause);
    }
  }
}

function keyOf(secret: string): SealingKey {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'gatehouse request state', 32));
  return { key, id: hash('sha256', key, 'hex').slice(0, 8) };
}

function bound(keyId: string, { principalId, request }: Binding): Buffer {
  return Buffer.from(JSON.stringify([keyId, principalId, request]));
}

function refused(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('STATE_REFUSED', `The requestState ${why}: make the call again without it`, {
    cause,
  });
}
