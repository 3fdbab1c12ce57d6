import { Injectable, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { Operation } from '#call';
import { DeclaredOperations } from '#pipeline';
import { schemaOf } from '#validation';

type PathOperation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = { name: string; in: 'path' | 'query'; required: boolean; schema: object };
/** A DTO's schema is that of an object. */
interface ObjectSchema {
  properties?: Record<string, object>;
  required?: string[];
}

/** Where an operation is served, and where its input comes from. */
interface Place {
  path: string;
  inputFromUrl: boolean;
}

const BEARER = 'api-key';

/** What every refusal and failure is answered with: docs/errors.md. */
const error = {
  description:
    'Refused or failed. `code` says why, `more` where to read about it; the log knows the `correlation_id`.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: Object.fromEntries(
          ['error', 'code', 'correlation_id', 'more'].map((name) => [name, { type: 'string' }]),
        ),
        required: ['error'],
      },
    },
  },
};

/** The OpenAPI document of the REST door. Its schemas are the very ones that the validation stage enforces. */
@Injectable()
export class OpenApiDocument {
  #document: OpenAPIObject | undefined;

  constructor(private readonly declared: DeclaredOperations) {}

  get document(): OpenAPIObject {
    if (!this.#document) throw new Error('describe() comes before document');
    return this.#document;
  }

  /** Called once the application's routes are known. */
  describe(app: INestApplication): void {
    const config = new DocumentBuilder()
      .setTitle('Gatehouse')
      .setDescription('Every call is identified, limited, authorised, validated and audited.')
      .setVersion('1')
      .setOpenAPIVersion('3.1.0') // Its schemas are JSON Schema 2020-12, as ours.
      .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'gk_…' }, BEARER)
      .build();
    const document = SwaggerModule.createDocument(app, config, {
      operationIdFactory: (controller, method) => `${controller}.${method}`,
    });
    const operations = new Map(
      this.declared.routes.map(({ controller, method, operation }) => [`${controller}.${method}`, operation]),
    );
    for (const [path, items] of Object.entries(document.paths)) {
      for (const [verb, item] of Object.entries(items) as [string, PathOperation][]) {
        const operation = operations.get(item.operationId ?? '');
        if (operation) declare(item, operation, { path, inputFromUrl: verb === 'get' || verb === 'delete' });
      }
    }
    document.components = { ...document.components, responses: { Error: error } };
    this.#document = document;
  }
}

function declare(item: PathOperation, operation: Operation, { path, inputFromUrl }: Place): void {
  item.summary = operation.name;
  item.tags = [operation.name.split('.', 1)[0]!];
  item.security = operation.public ? [] : [{ [BEARER]: [] }];
  item.responses = { ...item.responses, default: { $ref: '#/components/responses/Error' } };
  if (operation.permission) item.description = `Needs the permission \`${operation.permission}\`.`;
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!));
  if (operation.foreignInput) item.parameters = [...inPath].map(pathParameter);
  if (!operation.input) return;

  const schema: ObjectSchema = schemaOf(operation.input);
  const parameters = parametersOf(schema, inPath);
  if (inputFromUrl) {
    item.parameters = parameters;
    return;
  }
  const body = without(schema, inPath);
  item.parameters = parameters.filter((parameter) => parameter.in === 'path');
  item.requestBody = {
    required: (body.required ?? []).length > 0,
    content: { 'application/json': { schema: body } },
  };
}

/** Of a protocol's own input, which its specification describes. */
function pathParameter(name: string): Parameter {
  return { name, in: 'path', required: true, schema: { type: 'string' } };
}

function parametersOf(
  { properties = {}, required = [] }: ObjectSchema,
  inPath: ReadonlySet<string>,
): Parameter[] {
  return Object.entries(properties).map(([name, schema]) =>
    inPath.has(name)
      ? { name, in: 'path', required: true, schema }
      : { name, in: 'query', required: required.includes(name), schema },
  );
}

/** The schema of the body alone: what stands in the path is not sent twice. */
function without(schema: ObjectSchema, names: ReadonlySet<string>): ObjectSchema {
  if (names.size === 0) return schema;
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => !names.has(name));
  return {
    ...schema,
    properties: Object.fromEntries(properties),
    required: (schema.required ?? []).filter((name) => !names.has(name)),
  };
}
