import { httpConfig } from '#transport';
import { fail, orPass, warn, type Check } from '../check.ts';
import { isLoopback } from './tls.check.ts';

/** Which pages of browsers may call. */
export const corsCheck: Check = {
  name: 'cors',
  read: 'docs/threat-model.md#who-attacks',
  look(site) {
    const { corsEnabled, corsAllowedOrigins: origins, securityHeaders } = site.config(httpConfig);
    const open = origins.filter((origin) => origin.includes('*') || origin === 'null');
    const inClear = origins.filter((origin) => origin.startsWith('http:') && !isLocal(origin));
    return orPass(
      [
        open.length > 0 && fail(`CORS_ALLOWED_ORIGINS has ${open.join(', ')}: any page may call`),
        inClear.length > 0 &&
          warn(
            `CORS_ALLOWED_ORIGINS has ${inClear.join(', ')}: whoever is on the way can put words into that page`,
          ),
        corsEnabled &&
          origins.length === 0 &&
          warn('CORS_ENABLED without CORS_ALLOWED_ORIGINS lets no page call'),
        !securityHeaders && fail('SECURITY_HEADERS_ENABLED=false: browsers are told nothing'),
      ],
      origins.length === 0 ? 'pages of other places may not call' : `${origins.length} origins may call`,
    );
  },
};

function isLocal(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
