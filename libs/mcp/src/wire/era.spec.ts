import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLIENT_CAPABILITIES, PROTOCOL_VERSION } from './era.ts';
import { serverInfo } from './server-info.ts';
import { eras, META, openHouse, request, toolCall, type House, type Sent } from '../testing/house.ts';

const capabilities = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());
beforeEach(() => {
  house.visits.length = 0;
});

function initialize(protocolVersion: unknown): Promise<Sent> {
  const clientInfo = { name: 'c', version: '1' };
  return house.send(request('initialize', { protocolVersion, capabilities: {}, clientInfo }));
}

describe('the handshake of 2025', () => {
  it.each(['2025-11-25', '2025-06-18', '2025-03-26'])('agrees on %s', async (revision) => {
    expect((await initialize(revision)).body).toMatchObject({
      result: {
        protocolVersion: revision,
        serverInfo,
        capabilities,
      },
    });
  });

  it.each(['2024-11-05', '2026-07-28', 'tomorrow'])(
    'offers its newest handshake for %s',
    async (revision) => {
      expect((await initialize(revision)).body).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
    },
  );

  it('needs all that the handshake is made of', async () => {
    expect((await initialize(1)).body).toMatchObject({ error: { code: -32602 } });
    expect((await house.send(request('initialize', { protocolVersion: '2025-11-25' }))).body).toMatchObject({
      error: { code: -32602 },
    });
  });

  it('takes a header for one of its revisions, and no other', async () => {
    const list = (version: string) =>
      house.send(request('tools/list'), { headers: { 'mcp-protocol-version': version } });
    for (const version of ['2025-11-25', '2025-06-18', '2025-03-26'])
      expect((await list(version)).status).toBe(200);
    expect(await list('2024-11-05')).toMatchObject({ status: 400, body: { error: { code: -32022 } } });
    expect(
      await house.send(request('initialize'), { headers: { 'mcp-protocol-version': '2026-07-28' } }),
    ).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
  });
});

describe('a request of 2026-07-28', () => {
  const modern = eras['2026-07-28'];
  const right = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  const call = modern(toolCall('echo', { text: 'a' }));

  it('says what the server speaks and has', async () => {
    expect((await house.send(modern(request('server/discover')))).body).toMatchObject({
      result: {
        resultType: 'complete',
        supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
        capabilities,
        cacheScope: 'public',
      },
    });
  });

  it.each([
    ['no _meta', {}],
    ['no version', { _meta: { [CLIENT_CAPABILITIES]: {} } }],
    ['no capabilities', { _meta: { [PROTOCOL_VERSION]: '2026-07-28' } }],
    ['a version that is no text', { _meta: { ...META, [PROTOCOL_VERSION]: 7 } }],
  ])('is malformed with %s', async (_, params) => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' };
    expect(await house.send(request('server/discover', params), { headers })).toMatchObject({
      status: 400,
      body: { id: 7, error: { code: -32602 } },
    });
  });

  it('names the revisions that there are when it names another', async () => {
    const message = {
      ...request('server/discover'),
      params: { _meta: { ...META, [PROTOCOL_VERSION]: 'v999' } },
    };
    expect(await house.send(message, { headers: { 'mcp-protocol-version': 'v999' } })).toMatchObject({
      status: 400,
      code: 'PROTOCOL_VERSION_UNSUPPORTED',
      body: {
        id: 7,
        error: {
          code: -32022,
          data: { requested: 'v999', supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'] },
        },
      },
    });
  });

  it.each([
    ['as they are', right],
    ['in Base64', { ...right, 'mcp-name': `=?base64?${Buffer.from('echo').toString('base64')}?=` }],
  ])('is served when its headers repeat it %s', async (_, headers) => {
    expect((await house.send(call, { headers })).body).toHaveProperty('result');
  });

  it.each([
    ['another version', { ...right, 'mcp-protocol-version': '2025-11-25' }],
    ['no version', { 'mcp-method': 'tools/call', 'mcp-name': 'echo' }],
    ['another method', { ...right, 'mcp-method': 'tools/list' }],
    ['the method in capitals', { ...right, 'mcp-method': 'TOOLS/CALL' }],
    ['no method', { 'mcp-protocol-version': '2026-07-28', 'mcp-name': 'echo' }],
    ['another name', { ...right, 'mcp-name': 'say' }],
    ['no name', { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' }],
    ['unsound Base64', { ...right, 'mcp-name': '=?base64?ZWNobw?=' }],
  ])('is refused when its headers name %s', async (_, headers) => {
    expect(await house.send(call, { headers })).toMatchObject({
      status: 400,
      code: 'HEADER_MISMATCH',
      body: { id: 7, error: { code: -32020 } },
    });
    expect(house.visits).not.toContain('echo');
  });

  it('ignores what it does not know in _meta', async () => {
    const message = toolCall('echo', { text: 'a' });
    const meta = { ...META, progressToken: 1, traceparent: 'x', 'com.example/x': {} };
    expect(
      (await house.send({ ...message, params: { ...message.params, _meta: meta } })).body,
    ).toHaveProperty('result');
  });
});
