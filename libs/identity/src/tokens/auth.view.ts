import type { AccessToken } from './access-tokens.ts';
import type { IssuedTokens } from './user-sessions.ts';

/** As in RFC 6749, section 5.1. */
export interface AccessView {
  access_token: string;
  token_type: 'Bearer';
  /** Seconds. */
  expires_in: number;
}

export interface TokensView extends AccessView {
  refresh_token: string;
  /** Seconds until the log-in has to be repeated, however often tokens are refreshed. */
  refresh_expires_in: number;
}

export function accessView({ token, expiresIn }: AccessToken): AccessView {
  return { access_token: token, token_type: 'Bearer', expires_in: expiresIn };
}

export function tokensView({ access, family, refreshToken }: IssuedTokens): TokensView {
  const left = Math.floor((family.expiresAt.getTime() - Date.now()) / 1000);
  return { ...accessView(access), refresh_token: refreshToken, refresh_expires_in: Math.max(0, left) };
}
