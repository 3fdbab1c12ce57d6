import { defineConfig, setting } from '#config';

/** Life and names of the tokens that people get when they log in. Their key is JWT_SECRET, of libs/secrets. */
export const tokensConfig = defineConfig('tokens', {
  accessHours: setting.integer({
    env: 'JWT_EXPIRATION_HOURS',
    description: 'Hours until an access token of a user expires',
    default: 8,
    min: 1,
    max: 168,
  }),
  refreshDays: setting.integer({
    env: 'REFRESH_TOKEN_DAYS',
    description: 'Days from the log-in until it has to be repeated, however often tokens are refreshed',
    default: 30,
    min: 1,
    max: 365,
  }),
  secondFactorMinutes: setting.integer({
    env: 'SECOND_FACTOR_MINUTES',
    description: 'Minutes for which a one-time code opens what needs a second factor',
    default: 15,
    min: 1,
    max: 480,
  }),
  enrolmentCodeHours: setting.integer({
    env: 'ENROLMENT_CODE_HOURS',
    description:
      'Hours for which a user may set up a first second factor with the code that an administrator gave',
    default: 72,
    min: 1,
    max: 720,
  }),
  issuer: setting.text({
    env: 'JWT_ISSUER',
    description:
      'Name of this gateway in the tokens that it signs, and for whom alone they are (iss and aud)',
    default: 'gatehouse',
    pattern: /^[\x21-\x7e]{1,256}$/,
    shape: 'a name or a URL without spaces',
  }),
});
