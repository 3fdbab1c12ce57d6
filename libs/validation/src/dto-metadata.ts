import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import * as cv from 'class-validator';
// The package exports the decorator and not its reader. It is read here and nowhere else.
import { getMetadataSchema } from 'class-validator-jsonschema/build/decorators.js';
import { annotations, combine } from './combine-schemas.ts';
import { constraintSchemas } from './constraint-schemas.ts';
import type { JsonSchema } from './json-schema.ts';
import { SchemaError } from './schema-error.ts';

type Metadata = ReturnType<cv.MetadataStorage['getTargetValidationMetadatas']>[number];
type Annotation = JsonSchema | ((source: JsonSchema, options: object) => JsonSchema);

/** One property of a DTO class, as its decorators describe it. */
export interface Property {
  readonly name: string;
  readonly optional: boolean;
  readonly nullable: boolean;
  /** The value that the class itself gives it. */
  readonly default: unknown;
  /** The class of its value, or of the items of its value. */
  readonly nested: Type | undefined;
  /** Its schema, given the one of its nested class. */
  schema(nested: JsonSchema | undefined): JsonSchema;
}

/** The decorated properties of a class and of the classes that it extends. */
export function propertiesOf(dto: Type): Property[] {
  const metadatas = cv.getMetadataStorage().getTargetValidationMetadatas(dto, '', true, false);
  const defaults = new dto() as Record<string, unknown>;
  return [...Map.groupBy(metadatas, ({ propertyName }) => propertyName)].map(([name, found]) =>
    propertyOf(dto, name, found, defaults[name]),
  );
}

function propertyOf(dto: Type, name: string, metadatas: Metadata[], initial: unknown): Property {
  const where = `${dto.name}.${name}`;
  refuseConditions(where, metadatas);
  const optional = metadatas.some(isOptional);
  const nesting = metadatas.find(({ type }) => type === cv.ValidationTypes.NESTED_VALIDATION);
  return {
    name,
    optional: optional || initial !== undefined,
    // Null would reach the handler in place of the default.
    nullable: optional && initial === undefined,
    default: jsonOf(where, initial),
    nested: nesting && nestedClass(where, nesting),
    schema: (nested) => {
      const inner = nested && (isList(nesting as Metadata) ? { type: 'array', items: nested } : nested);
      return valueSchema({ where, metadatas, start: inner ?? {}, annotation: annotationOf(dto, name) });
    },
  };
}

/** An initialiser becomes the default of the schema, so it has to be JSON. */
function jsonOf(where: string, initial: unknown): unknown {
  if (initial === undefined) return undefined;
  const text = JSON.stringify(initial) as string | undefined;
  if (text === undefined || initial instanceof Date)
    throw new SchemaError(where, 'its initialiser is no JSON value');
  return JSON.parse(text);
}

interface ValueParts {
  where: string;
  metadatas: readonly Metadata[];
  start: JsonSchema;
  annotation: Annotation;
}

function valueSchema({ where, metadatas, start, annotation }: ValueParts): JsonSchema {
  const described =
    typeof annotation !== 'function' && Object.keys(annotation).some((word) => !annotations.has(word));
  let schema = start;
  for (const metadata of metadatas) {
    if (
      metadata.type !== cv.ValidationTypes.CUSTOM_VALIDATION &&
      metadata.type !== cv.ValidationTypes.IS_DEFINED
    )
      continue;
    const form = formOf(metadata);
    if (typeof form !== 'string')
      schema = combine(schema, metadata.each ? { type: 'array', items: form } : form);
    else if (!described) throw new SchemaError(where, form);
  }
  schema = combine(schema, typeof annotation === 'function' ? annotation(schema, {}) : annotation);
  if (Array.isArray(schema.type) && schema.type.length === 0)
    throw new SchemaError(where, 'no value fits all its decorators');
  return withoutNeedlessNot(schema);
}

function formOf(metadata: Metadata): JsonSchema | string {
  const name = constraintName(metadata);
  const made = constraintSchemas[name]?.(metadata.constraints ?? []) ?? 'it is not known here';
  return typeof made !== 'string'
    ? made
    : `the constraint "${name}" has no form in JSON Schema (${made}), so callers could not be shown what is enforced. ` +
        'Say it beside it with @JSONSchema({ pattern: … }), or use another decorator (docs/decisions/validation.md).';
}

function constraintName(metadata: Metadata): string {
  if (metadata.type === cv.ValidationTypes.IS_DEFINED) return cv.IS_DEFINED;
  return cv.getMetadataStorage().getTargetValidatorConstraints(metadata.constraintCls)[0]?.name ?? 'unnamed';
}

function isOptional({ type, name }: Metadata): boolean {
  return type === cv.ValidationTypes.CONDITIONAL_VALIDATION && name === cv.IS_OPTIONAL;
}

function refuseConditions(where: string, metadatas: readonly Metadata[]): void {
  for (const metadata of metadatas) {
    const conditional = metadata.type === cv.ValidationTypes.CONDITIONAL_VALIDATION && !isOptional(metadata);
    if (conditional || metadata.validateIf || metadata.groups?.length > 0) {
      throw new SchemaError(
        where,
        'a condition or a group of class-validator has no form in JSON Schema. ' +
          'Say it of the class with @JSONSchema({ anyOf: … }) or { if: …, then: … }.',
      );
    }
    if (metadata.type === cv.ValidationTypes.PROMISE_VALIDATION)
      throw new SchemaError(where, 'an input holds no promise');
  }
}

function nestedClass(where: string, metadata: Metadata): Type {
  const { target, propertyName } = metadata;
  // What @Type says shows in what class-transformer makes of an empty object.
  const holder = plainToInstance(target as Type, { [propertyName]: {} }) as Record<string, object>;
  const declared = holder[propertyName]?.constructor as Type | undefined;
  const nested = declared === Object ? designType(metadata) : declared;
  if (nested === undefined || [Object, Array, Map, Set].includes(nested as never)) {
    throw new SchemaError(where, '@ValidateNested needs to know the class: add @Type(() => TheClass)');
  }
  return nested;
}

function isList(metadata: Metadata): boolean {
  return metadata.each || (designType(metadata) as unknown) === Array;
}

function designType({ target, propertyName }: Metadata): Type | undefined {
  return Reflect.getMetadata('design:type', (target as Type).prototype as object, propertyName) as
    Type | undefined;
}

/** What @JSONSchema says of a property. */
function annotationOf(dto: Type, name: string): Annotation {
  return getMetadataSchema(dto.prototype as object, name) as Annotation;
}

/** What @JSONSchema says of the class and of the classes that it extends: a rule of a parent holds for its children. */
export function classAnnotation(dto: Type, own: JsonSchema): JsonSchema {
  let whole: JsonSchema = {};
  for (let one = dto; one.prototype instanceof Object; one = Object.getPrototypeOf(one) as Type) {
    const annotation = annotationOf(one, one.name);
    whole = combine(typeof annotation === 'function' ? annotation(own, {}) : annotation, whole);
  }
  return whole;
}

/** A value of a stated type is no null anyway. */
function withoutNeedlessNot(schema: JsonSchema): JsonSchema {
  const { not, ...rest } = schema;
  const needless =
    not?.type === 'null' && schema.type !== undefined && ![schema.type].flat().includes('null');
  return needless ? rest : schema;
}
