import { randomBytes } from 'node:crypto';
import { timeStamp } from '../time-stamp.ts';

/** `20251121T080212345Z-9f3c21ab77d0`: when the process began its chain, and 48 random bits. Sorts by time. */
export function newChainId(now: Date = new Date()): string {
  return `${timeStamp(now)}-${randomBytes(6).toString('hex')}`;
}

/** Whether a name in the journal's folder is the id of a chain. */
export function isChainId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-f]{12}$/.test(text);
}
