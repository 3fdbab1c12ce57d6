import { Inject, Injectable } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { Pepper } from '../pepper.ts';
import { tokensConfig } from '../tokens/tokens.config.ts';
import { randomText } from './random-text.ts';

/** 125 bits: more than the 112 from which a look-up secret may be kept by a plain hash (NIST SP 800-63B). */
const GROUPS = 5;
const HOUR_MS = 3_600_000;

/** A new code: the only moment when anyone sees it. */
export interface EnrolmentCode {
  readonly code: string;
  /** What is kept of it. */
  readonly digest: string;
  readonly expiresAt: Date;
}

/**
 * Codes that let a person set up their first second factor, given to them by whoever manages users: the password alone
 * may have been guessed, and whoever binds an authenticator is that person from then on (NIST SP 800-63B, on binding).
 */
@Injectable()
export class EnrolmentCodes {
  constructor(
    private readonly pepper: Pepper,
    @Inject(tokensConfig.KEY) private readonly config: ConfigOf<typeof tokensConfig>,
  ) {}

  mint(userId: string, at = new Date()): EnrolmentCode {
    const code = randomText(GROUPS);
    const expiresAt = new Date(at.getTime() + this.config.enrolmentCodeHours * HOUR_MS);
    return { code, digest: this.pepper.digest(textOf(userId, code)), expiresAt };
  }

  /** What may be kept of this code, if it is one of this user: it is nobody else's. */
  digestsOf(userId: string, code: string): readonly string[] {
    return this.pepper.eitherOf(textOf(userId, code));
  }
}

function textOf(userId: string, code: string): string {
  return `enrolment code ${userId} ${code}`;
}
