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

const BEARER = 'api-key';

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
      .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'gk_…' }, BEARER)
      .build();
    const document = SwaggerModule.createDocument(app, config, {
      operationIdFactory: (controller, method) => `${controller}.${method}`,
    });
    const operations = new Map(
      this.declared.routes.map(({ controller, method, operation }) => [`${controller}.${method}`, operation]),
    );
    for (const path of Object.values(document.paths)) {
      for (const [verb, item] of Object.entries(path) as [string, PathOperation][]) {
        const operation = operations.get(item.operationId ?? '');
        if (operation) declare(item, operation, verb === 'get' || verb === 'delete');
      }
    }
    this.#document = document;
  }
}

function declare(item: PathOperation, operation: Operation, inputFromUrl: boolean): void {
  item.summary = operation.name;
  item.tags = [operation.name.split('.', 1)[0]!];
  item.security = operation.public ? [] : [{ [BEARER]: [] }];
  if (operation.permission) item.description = `Needs the permission \`${operation.permission}\`.`;
  if (!operation.input) return;

  const schema: ObjectSchema = schemaOf(operation.input);
  const inPath = ((item.parameters ?? []) as Parameter[]).filter((parameter) => parameter.in === 'path');
  const named = new Set(inPath.map(({ name }) => name));
  for (const parameter of inPath) parameter.schema = schema.properties?.[parameter.name] ?? parameter.schema;
  const others = Object.entries(schema.properties ?? {}).filter(([name]) => !named.has(name));
  if (inputFromUrl) {
    const query = others.map(([name, property]): Parameter => {
      return { name, in: 'query', required: schema.required?.includes(name) ?? false, schema: property };
    });
    item.parameters = [...inPath, ...query];
  } else {
    item.parameters = inPath;
    item.requestBody = {
      required: true,
      content: { 'application/json': { schema: without(schema, named) } },
    };
  }
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
