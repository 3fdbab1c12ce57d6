export { InputValidation } from './input-validation.ts';
export type { JsonSchema } from './json-schema.ts';
export { parseJson, type ParseOptions } from './parse-json.ts';
export { SchemaError } from './schema-error.ts';
export { inputSchemaOf, schemaOf } from './schema-of.ts';
export { suspicionIn, type Suspicion } from './suspicion.ts';
export { ValidationGuard } from './validation.guard.ts';
export { ValidationModule } from './validation.module.ts';
