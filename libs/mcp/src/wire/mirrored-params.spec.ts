import { describe, expect, it } from 'vitest';
import { mirroredParams, mirrorFault } from './mirrored-params.ts';

const region = { type: 'string', 'x-mcp-header': 'Region' };

describe('parameters that are repeated in headers', () => {
  it('are found where a chain of properties leads', () => {
    const where = { type: 'object', properties: { zone: { type: 'integer', 'x-mcp-header': 'Zone' } } };
    expect(mirroredParams({ properties: { region, where, other: { type: 'string' } } })).toEqual([
      { header: 'mcp-param-region', path: ['region'] },
      { header: 'mcp-param-zone', path: ['where', 'zone'] },
    ]);
  });

  it.each([
    ['no name', { properties: { a: { type: 'string', 'x-mcp-header': '' } } }],
    ['no token', { properties: { a: { type: 'string', 'x-mcp-header': 'a\r\nb' } } }],
    ['a number', { properties: { a: { type: 'number', 'x-mcp-header': 'A' } } }],
    ['an object', { properties: { a: { type: 'object', 'x-mcp-header': 'A' } } }],
    ['one name for two', { properties: { a: region, b: { ...region, 'x-mcp-header': 'REGION' } } }],
    ['items of a list', { properties: { a: { type: 'array', items: region } } }],
    ['a branch', { anyOf: [{ properties: { a: region } }] }],
  ])('stop the boot with %s', (_, schema) => {
    expect(() => mirroredParams(schema)).toThrow(/x-mcp-header/);
  });

  const mirrored = [
    { header: 'mcp-param-region', path: ['region'] },
    { header: 'mcp-param-zone', path: ['where', 'zone'] },
  ];
  const fault = (args: unknown, headers: Record<string, string>) =>
    mirrorFault(mirrored, args, (name) => headers[name])?.code;

  it.each([
    ['the same text', { region: 'us west' }, { 'mcp-param-region': 'us west' }],
    ['an encoded text', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8=?=' }],
    ['a number in another form', { where: { zone: 42 } }, { 'mcp-param-zone': '42.0' }],
    ['nothing for nothing', { region: null, where: {} }, {}],
    ['nothing without arguments', undefined, {}],
  ])('may say %s', (_, args, headers) => {
    expect(fault(args, headers as Record<string, string>)).toBeUndefined();
  });

  it.each([
    ['another text', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['nothing', { region: 'eu' }, {}],
    ['broken Base64', { region: 'Hello' }, { 'mcp-param-region': '=?base64?SGVsbG8?=' }],
    ['another number', { where: { zone: 0 } }, { 'mcp-param-zone': '' }],
    ['what the body does not', {}, { 'mcp-param-region': 'us' }],
  ])('may not say %s', (_, args, headers) => {
    expect(fault(args, headers as Record<string, string>)).toBe('HEADER_MISMATCH');
  });
});
