import { Injectable } from '@nestjs/common';
import type { Call, Operation } from '#call';
import { internalError, InvalidInput } from '#errors';
import { coerceTexts } from './coerce-texts.ts';
import type { JsonSchema } from './json-schema.ts';
import { inputSchemaOf } from './schema-of.ts';
import { SchemaCompiler, type Check } from './schema-compiler.ts';
import { SchemaError } from './schema-error.ts';
import { suspicionIn } from './suspicion.ts';

interface Prepared {
  readonly schema: JsonSchema;
  readonly check: Check;
}

/** Checks the input of a call against the schema of its operation: the same object that callers are shown. */
@Injectable()
export class InputValidation {
  readonly #compiler = new SchemaCompiler();
  readonly #prepared = new WeakMap<Operation, Prepared>();

  /** Compiles the schema of an operation. Throws a SchemaError that teaches when its class can't be enforced. */
  prepare(operation: Operation): void {
    this.#of(operation);
  }

  /**
   * Leaves in `call.input` what the handler gets: the input with the defaults of its schema. Throws InvalidInput with
   * each fault's place (JSON Pointer) and what is allowed there.
   */
  check(call: Call): void {
    const { operation } = call;
    if (operation === undefined)
      throw internalError(new Error('A call came to be validated before its operation was known'));
    const { schema, check } = this.#of(operation);
    const input = call.inputFromUrl ? coerceTexts(call.input ?? {}, schema) : (call.input ?? {});
    const faults = check(input);
    const suspicion = suspicionIn(input);
    if (suspicion) call.note('suspicion', suspicion);
    if (faults) throw new InvalidInput('The input does not fit its schema', faults);
    call.input = input;
  }

  #of(operation: Operation): Prepared {
    let prepared = this.#prepared.get(operation);
    if (prepared === undefined) {
      prepared = this.#compile(operation);
      this.#prepared.set(operation, prepared);
    }
    return prepared;
  }

  #compile(operation: Operation): Prepared {
    const schema = inputSchemaOf(operation);
    try {
      return { schema, check: this.#compiler.compile(schema) };
    } catch (cause) {
      throw new SchemaError(`The input of ${operation.name}`, (cause as Error).message);
    }
  }
}
