/** `DB_PASSWORD`, `aws_secret_access_key`, `clientSecret`, `X-Api-Key`; not `max_tokens`, `next_page_token`, `apiKeyId`. */
const NAME =
  '(?:pass(?:word|wd|phrase|code)|\\bpwd|secret|(?:api|access|private|secret|account|signing|encryption|master|shared)[ _-]?key' +
  '|(?<!(?:page|next|continuation|sync)[_-]?)token|credential)(?![A-Za-z])';
/** The name may be a quoted key, in JSON that stands in JSON too. */
const EQUALS = '\\\\*["\']?[ \\t]{0,3}(?::=|=>|=(?!=))[ \\t]{0,3}';
const COLON = '\\\\*["\']?[ \\t]{0,3}:[ \\t]{0,3}';
const LINK = `(?:${EQUALS}|${COLON})`;
const MASKED = '(?!\\[SECRET\\])';
const BARE = '[^\\s"\'`,;&|()\\[\\]{}<>\\\\]';
/** What stands for a value, and is none. */
const NO_VALUE =
  '(?!\\$|\\*{3}|(?:null|nil|none|true|false|undefined|process\\.env|string|text|required|optional|missing|invalid|incorrect' +
  '|wrong|unknown|expired|changed|reset|hidden|redacted)(?![A-Za-z0-9]))';
const WITH_A_DIGIT = `(?=${BARE}{0,64}[0-9])`;

const sources = [
  // Authorization: Bearer …; without a digit it is a word ("bearer responsibilities").
  `(\\b(?:bearer|basic|token|digest|apikey) {1,3})${MASKED}(?=[^\\s"'0-9]{0,64}[0-9])[A-Za-z0-9._~+/=-]{12,8192}`,
  `(\\b(?:set-)?cookie: {0,3})${MASKED}[^\\s][^\\r\\n]{0,8192}`,
  // In quotes, whatever it is made of: "password": "…", and \"password\":\"…\".
  `(${NAME}${LINK}(["']))${MASKED}(?:\\\\[^\\r\\n]|(?!\\2)[^\\\\\\r\\n]){1,2048}`,
  `(${NAME}${LINK}(\\\\+["']))${MASKED}(?:(?!\\2)[^\\r\\n]){1,2048}`,
  // Bare: password=…, and a line of YAML; elsewhere after a colon a word of prose is no secret ("password: required").
  `(${NAME}${EQUALS})${MASKED}${NO_VALUE}${BARE}{3,1024}`,
  `(^[ \\t-]{0,32}[\\w.-]{0,64}${NAME}: {1,8})${MASKED}${NO_VALUE}[^\\s"'\\[\\]{}|>&*!#][^\\s]{2,1024}$`,
  `(${NAME}${COLON})${MASKED}${NO_VALUE}${WITH_A_DIGIT}${BARE}{5,1024}`,
  `(\\bpass(?:word|phrase|code) {1,3}(?:is|was) {1,3}["']?)${MASKED}${WITH_A_DIGIT}${BARE}{4,256}`,
  `((?<![\\w-])-{1,2}[\\w-]{0,32}(?:password|passphrase|token|secret|api-key) {1,3})${MASKED}${NO_VALUE}(?!-)${BARE}{3,1024}`,
  // Signed URLs.
  `([?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-amz-credential)=)${MASKED}[^\\s&#"'<>]{6,2048}`,
];

/** What stands beside the name of a secret: the first group of each stays, the rest of the match is the value. */
export const assignments: readonly RegExp[] = sources.map((source) => new RegExp(source, 'gim'));
