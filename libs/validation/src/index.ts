export { canonicalJson } from './canonical-json.ts';
export { InputValidation } from './input-validation.ts';
export type { JsonSchema } from './json-schema.ts';
export { Page } from './page.dto.ts';
export { parseJson } from './parse-json.ts';
export { inputSchemaOf, schemaOf } from './schema-of.ts';
export { ValidationGuard } from './validation.guard.ts';
export { ValidationModule } from './validation.module.ts';
