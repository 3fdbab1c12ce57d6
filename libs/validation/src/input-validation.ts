import { Injectable } from '@nestjs/common';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Call, Operation } from '#call';
import { InvalidInput } from '#errors';
import { schemaOf } from './schema-of.ts';

/** Checks the input of a call against the schema of its operation. */
@Injectable()
export class InputValidation {
  readonly #ajv = addFormats.default(new Ajv2020({ strict: false }));
  readonly #validators = new WeakMap<Operation, ValidateFunction>();

  /** Compiles the schema of an operation. Throws an Error that teaches when its DTO can't be enforced. */
  prepare(operation: Operation): void {
    this.#validatorOf(operation);
  }

  /** Throws InvalidInput. */
  check(call: Call): void {
    if (!call.operation) return;
    const validate = this.#validatorOf(call.operation);
    if (!validate(call.input ?? {})) throw new InvalidInput('The input is not valid');
  }

  #validatorOf(operation: Operation): ValidateFunction {
    let validate = this.#validators.get(operation);
    if (!validate) {
      validate = this.#ajv.compile(
        operation.input ? schemaOf(operation.input) : { type: 'object', maxProperties: 0 },
      );
      this.#validators.set(operation, validate);
    }
    return validate;
  }
}
