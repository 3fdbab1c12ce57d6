import type { Type } from '@nestjs/common';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import type { JsonSchema } from './json-schema.ts';

const schemas = new WeakMap<Type, JsonSchema>();

/** The JSON Schema (2020-12) of a DTO class: self-contained, made once, frozen; what is shown and what is enforced. */
export function schemaOf(dto: Type): JsonSchema {
  let schema = schemas.get(dto);
  if (schema === undefined) {
    schema = Object.freeze({ ...targetConstructorToSchema(dto), additionalProperties: false });
    schemas.set(dto, schema);
  }
  return schema;
}
