import { beforeAll, describe, expect, it } from 'vitest';
import { Catalogue } from '#mcp';
import { databases } from '#testing';
import { useGateway } from './support/gateway.ts';

type Schema = Record<string, unknown> & { properties?: Record<string, unknown>; required?: string[] };
interface Described {
  operationId: string;
  summary: string;
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { description?: string; $ref?: string }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Described>>;
  components: { securitySchemes: object; responses: object };
}

describe('the documentation of the API', () => {
  const gateway = useGateway(databases[0]!);
  let document: Document;
  let operations: (Described & { path: string; verb: string })[];

  beforeAll(async () => {
    const { body } = await gateway().client.rest('/docs/openapi.json', { key: '' });
    document = body as Document;
    operations = Object.entries(document.paths).flatMap(([path, items]) =>
      Object.entries(items).map(([verb, described]) => ({ path, verb, ...described })),
    );
  });

  it('is a page that loads nothing but what the gateway serves', async () => {
    const page = await gateway().client.rest('/docs', { key: '' });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).not.toMatch(/https?:|\*|unsafe-eval/);
    const files = [...(page.body as string).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBe(3);
    for (const file of files) {
      const { status, headers } = await gateway().client.rest(`/${file}`, { key: '' });
      expect({ file, status, type: headers.get('content-type') }).toEqual({
        file,
        status: 200,
        type: file.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      });
    }
  });

  it('is an OpenAPI document, each operation of it whole', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Gatehouse', version: expect.any(String) },
    });
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, parameters, responses } of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
      expect(responses).toHaveProperty('default', { $ref: '#/components/responses/Error' });
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    }
    expect(document.components).toMatchObject({
      securitySchemes: { 'api-key': { type: 'http', scheme: 'bearer' } },
      responses: { Error: { description: expect.any(String) } },
    });
  });

  it('says of every guarded operation that it takes a key, and of no other', async () => {
    for (const { path, verb, security } of operations) {
      const filled = path.replaceAll(/\{\w+\}/g, 'start.js');
      const door = /^\/(metrics|audit\/|health\/|cache|performance\/|restart)/.test(path)
        ? gateway().managementClient
        : gateway().client;
      const { status } = await door.rest(filled, { key: '', method: verb.toUpperCase() });
      expect({ path, verb, security }).toEqual({
        path,
        verb,
        security: status === 401 ? [{ 'api-key': [] }] : [],
      });
    }
  });

  it('shows the schemas that the tools of the same operations show', async () => {
    const { body } = await gateway().client.rpc('tools/list');
    const { tools } = (body as { result: { tools: { name: string; inputSchema: Schema }[] } }).result;
    for (const { name, inputSchema } of tools) {
      const { operation } = gateway().gateway.app.get(Catalogue).tools.get(name)!.handler;
      const described = operations.find(({ summary }) => summary === operation.name)!;
      expect({ name, schema: inputOf(described) }).toEqual({ name, schema: inputOf({ inputSchema }) });
    }
    expect(tools.length).toBeGreaterThan(6);
  });
});

/** The input of an operation, wherever its parts are sent. */
function inputOf(of: { inputSchema: Schema } | Described): Schema {
  if ('inputSchema' in of) {
    const { properties = {}, required = [], ...rest } = of.inputSchema;
    return { ...rest, properties, required };
  }
  const sent = of.requestBody?.content['application/json'].schema;
  if (sent) return inputOf({ inputSchema: sent });
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(of.parameters.map(({ name, schema }) => [name, schema])),
    required: of.parameters.filter(({ required }) => required).map(({ name }) => name),
  };
}
