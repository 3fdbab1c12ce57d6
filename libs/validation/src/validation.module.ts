import { Module } from '@nestjs/common';
import { InputValidation } from './input-validation.ts';

/** All that ValidationGuard needs; the guard itself stands in the list of libs/pipeline. */
@Module({ providers: [InputValidation], exports: [InputValidation] })
export class ValidationModule {}
