import type { Type } from '@nestjs/common';
import { anyJson, boundValue } from './bound-schema.ts';
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

/** Nested classes stand inline; only one that holds itself becomes a definition. */
class SchemaBuilder {
  readonly #open: Type[] = [];
  readonly #recursive = new Map<Type, string>();
  readonly #definitions: Record<string, JsonSchema> = {};

  build(dto: Type): JsonSchema {
    const root = this.#object(dto);
    const definitions = { ...this.#definitions };
    if (JSON.stringify([root, definitions]).includes('"#/$defs/AnyJson"')) definitions['AnyJson'] = anyJson;
    return Object.keys(definitions).length > 0 ? { ...root, $defs: definitions } : root;
  }

  #object(dto: Type): JsonSchema {
    if (this.#open.includes(dto)) return this.#reference(dto);
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

    const name = this.#recursive.get(dto);
    if (name === undefined) return schema;
    this.#definitions[name] = schema;
    return { $ref: `#/$defs/${name}` };
  }

  #value(property: Property): JsonSchema {
    const nested = property.nested && this.#object(property.nested);
    let schema = property.schema(nested);
    if (property.default !== undefined) schema = { ...schema, default: property.default };
    return property.nullable ? orNull(boundValue(schema)) : schema;
  }

  #reference(dto: Type): JsonSchema {
    let name = this.#recursive.get(dto);
    if (name === undefined) {
      const taken = [...this.#recursive.values(), 'AnyJson'].filter((other) =>
        other.startsWith(dto.name),
      ).length;
      name = taken === 0 ? dto.name : `${dto.name}${taken + 1}`;
      this.#recursive.set(dto, name);
    }
    return { $ref: `#/$defs/${name}` };
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
