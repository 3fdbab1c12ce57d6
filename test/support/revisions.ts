/** The two eras of the protocol, by the last revision of each. */
export const MODERN = '2026-07-28';
export const LEGACY = '2025-11-25';
