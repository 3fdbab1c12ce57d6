/** Tables of the API keys; migrations/001-api-keys.ts makes them. */
export interface ApiKeysTables {}
