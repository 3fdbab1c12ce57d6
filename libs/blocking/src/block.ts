import { networkOf } from '#call';

/** What an address is blocked for: `authentication` is keys that are none, `refusal` all else that is refused again and again. */
export const offenceKinds = ['authentication', 'refusal'] as const;
export type OffenceKind = (typeof offenceKinds)[number];

/** Who is blocked: an IPv4 address or an IPv6 /64, and of the calls from there all, or those of one principal. */
export interface Subject {
  readonly network: string;
  readonly principalId?: string | undefined;
}

/** Plain data, for it travels between replicas and lies in a file. Times are epoch milliseconds. */
export interface Block extends Subject {
  readonly kind: OffenceKind | 'manual';
  readonly since: number;
  readonly until: number;
  /** Which one in a row it is: each lasts twice as long as the one before. 0 where an administrator made it. */
  readonly strikes: number;
  /** Keys were proven from there lately: a call that proves one gets through, so that no neighbour locks it out. */
  readonly spares: boolean;
  /** Id of the principal who made it, where somebody did. */
  readonly by?: string | undefined;
}

/** When a subject is blocked, and for how long. */
export interface BlockRules {
  /** Offences of each kind, within the window, that are one too many. */
  readonly most: Readonly<Record<OffenceKind, number>>;
  readonly windowMs: number;
  /** Of the first block. */
  readonly durationMs: number;
  readonly maxDurationMs: number;
}

/** How long a key that was proven somewhere makes blocks of that place spare good keys. */
export const VOUCHED_MS = 86_400_000;

/** The name of a subject in a store. */
export function nameOf({ network, principalId }: Subject): string {
  return principalId === undefined ? network : `${network} ${principalId}`;
}

export function subjectOf(address: string, principalId?: string): Subject {
  return { network: networkOf(address), principalId };
}

/** The length of the block that is the nth in a row. */
export function durationOf(strikes: number, { durationMs, maxDurationMs }: BlockRules): number {
  return Math.min(durationMs * 2 ** Math.min(strikes - 1, 40), maxDurationMs);
}

/** How long it is remembered that a subject was blocked, once that is over. */
export function rememberedMs({ maxDurationMs }: BlockRules): number {
  return maxDurationMs;
}
