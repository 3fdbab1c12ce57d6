import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { callOf } from '#call';
import { InputValidation } from './input-validation.ts';

/** Is it well-made: the input against the schema that is advertised. */
@Injectable()
export class ValidationGuard implements CanActivate {
  constructor(private readonly inputs: InputValidation) {}

  canActivate(context: ExecutionContext): boolean {
    this.inputs.check(callOf(context));
    return true;
  }
}
