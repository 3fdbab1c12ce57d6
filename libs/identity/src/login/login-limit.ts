/** For `@Throttle`. A person logs in a few times a day; behind one address there may be an office. */
export const LOGIN_LIMIT = { default: { limit: 30, ttl: 60_000 } };
