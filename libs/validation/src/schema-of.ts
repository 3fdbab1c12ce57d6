import type { Type } from '@nestjs/common';
import type { Operation } from '#call';
import { anyJson, boundValue, refToAnyJson } from './bound-schema.ts';
import { combine, orNull } from './combine-schemas.ts';
import { classAnnotation, propertiesOf, type Property } from './dto-metadata.ts';
import type { JsonSchema } from './json-schema.ts';

const schemas = new WeakMap<Type, JsonSchema>();

/**
 * The JSON Schema (2020-12) of a DTO class: what callers are shown, and the very object that is compiled to check
 * them. Made once for each class, self-contained, frozen. Initialisers of the class are its defaults.
 *
 * Throws SchemaError when the class asks for what no schema can say.
 */
export function schemaOf(dto: Type): JsonSchema {
  let schema = schemas.get(dto);
  if (schema === undefined) {
    schema = frozen(new SchemaBuilder().build(dto));
    schemas.set(dto, schema);
  }
  return schema;
}

const NO_INPUT: JsonSchema = frozen({ type: 'object', additionalProperties: false });

const FOREIGN_INPUT: JsonSchema = frozen({ type: 'object' });

/** The schema of what an operation takes; without an input class that is nothing. Throws SchemaError. */
export function inputSchemaOf({ input, foreignInput }: Operation): JsonSchema {
  if (foreignInput) return FOREIGN_INPUT;
  return input ? schemaOf(input) : NO_INPUT;
}

/** Nested classes stand inline; only one that holds itself becomes a definition. */
class SchemaBuilder {
  readonly #open: Type[] = [];
  readonly #pointers = new Map<Type, string>();
  readonly #definitions: Record<string, JsonSchema> = {};

  build(dto: Type): JsonSchema {
    const root = this.#object(dto);
    const definitions = { ...this.#definitions };
    if (JSON.stringify([root, definitions]).includes(`"$ref":"${refToAnyJson.$ref}"`))
      definitions['AnyJson'] = anyJson;
    return Object.keys(definitions).length > 0 ? { ...root, $defs: definitions } : root;
  }

  #object(dto: Type): JsonSchema {
    if (this.#open.includes(dto)) return this.#pointerTo(dto);
    this.#open.push(dto);
    const properties = propertiesOf(dto);
    const required = properties.filter((property) => !property.optional).map(({ name }) => name);
    const own: JsonSchema = {
      type: 'object',
      properties: Object.fromEntries(properties.map((property) => [property.name, this.#value(property)])),
      ...(required.length > 0 && { required }),
    };
    const schema = boundValue(combine(own, classAnnotation(dto, own)));
    this.#open.pop();

    const pointer = this.#pointers.get(dto);
    if (pointer === undefined || pointer === '#') return schema;
    this.#definitions[pointer.slice('#/$defs/'.length)] = schema;
    return { $ref: pointer };
  }

  #value(property: Property): JsonSchema {
    const nested = property.nested && this.#object(property.nested);
    const schema = boundValue(property.schema(nested));
    if (property.default !== undefined) return { ...schema, default: property.default };
    return property.nullable ? orNull(schema) : schema;
  }

  /** To a class that is being built: the root itself, or a definition. */
  #pointerTo(dto: Type): JsonSchema {
    let pointer = this.#pointers.get(dto);
    if (pointer === undefined) {
      pointer = dto === this.#open[0] ? '#' : `#/$defs/${dto.name}_${this.#pointers.size}`;
      this.#pointers.set(dto, pointer);
    }
    return { $ref: pointer };
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
