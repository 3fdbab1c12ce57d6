import { Ajv2020, type ErrorObject, type Options } from 'ajv/dist/2020.js';
import type { Fault } from '#errors';
import { faultsOf } from './faults-of.ts';
import { addOurFormats } from './formats.ts';
import type { JsonSchema } from './json-schema.ts';
import { re2Pattern } from './re2-pattern.ts';

/** Says what is wrong with a value; nothing, when it fits. Fills the defaults of the schema in. */
export type Check = (value: unknown) => Fault[] | undefined;

const options: Options = {
  // An unknown keyword or format is a slip of the pen that would leave a value unchecked.
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
  useDefaults: true,
  messages: false,
  verbose: true,
  code: { regExp: re2Pattern },
};

/** Above this many values only the first fault is looked for: thousands of bad items must not make thousands of errors. */
const FEW_VALUES = 250;

/** Compiles schemas into checks. */
export class SchemaCompiler {
  /** Stops at the first fault: what each call goes through. */
  readonly #first = ajv({ ...options });
  /** Finds them all: for a small input that was found to be wrong. */
  readonly #all = ajv({ ...options, allErrors: true });

  /** Throws an Error for a schema that can't be enforced. */
  compile(schema: JsonSchema): Check {
    const first = this.#first.compile(schema);
    return (value) => {
      if (first(value)) return undefined;
      return faultsOf(hasFewValues(value) ? this.#allErrors(schema, value) : (first.errors ?? []));
    };
  }

  /** Compiled when it is first needed; it is kept by the schema object. */
  #allErrors(schema: JsonSchema, value: unknown): ErrorObject[] {
    const all = this.#all.compile(schema);
    all(value);
    return all.errors ?? [];
  }
}

/** Words that check nothing: a name for a place in a schema, and for a header that repeats a value (MCP 2026-07-28). */
const SILENT_KEYWORDS = ['$anchor', 'x-mcp-header'];

function ajv(given: Options): Ajv2020 {
  const made = new Ajv2020(given);
  made.addVocabulary(SILENT_KEYWORDS);
  addOurFormats(made);
  return made;
}

function hasFewValues(value: unknown): boolean {
  const left = [value];
  for (let seen = 0; left.length > 0; seen++) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inner = Object.values(next);
    if (seen + left.length + inner.length > FEW_VALUES) return false;
    left.push(...inner);
  }
  return true;
}
