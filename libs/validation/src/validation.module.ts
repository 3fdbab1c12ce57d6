import { Module } from '@nestjs/common';
import { InputValidation } from './input-validation.ts';

@Module({ providers: [InputValidation], exports: [InputValidation] })
export class ValidationModule {}
