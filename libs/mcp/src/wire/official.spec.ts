import { readFileSync } from 'node:fs';
import * as official from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { CLIENT_CAPABILITIES, PROTOCOL_VERSION, SERVER_INFO } from './era.ts';
import { serverInfo } from './server-info.ts';

describe('what is written down twice', () => {
  it('is the same as in the official package', () => {
    expect(PROTOCOL_VERSION).toBe(official.PROTOCOL_VERSION_META_KEY);
    expect(CLIENT_CAPABILITIES).toBe(official.CLIENT_CAPABILITIES_META_KEY);
    expect(SERVER_INFO).toBe(official.SERVER_INFO_META_KEY);
  });

  it('is the same as in package.json', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(serverInfo.version).toBe(version);
  });
});
