/** Seconds. RAG-18 says an hour for access tokens; requirements 14.7 the same of client credentials. */
export const lifetimes = {
  accessToken: 3600,
  code: 60,
  /** From the first page to the last: a person looks for a password meanwhile. */
  interaction: 600,
  session: 900,
  /** Of one refresh token; each use gives a new one. */
  refreshToken: 14 * 86_400,
  /** Of all that came from one consent: then the person is asked again. */
  grant: 90 * 86_400,
};
