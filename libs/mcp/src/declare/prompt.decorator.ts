import { applyDecorators, SetMetadata } from '@nestjs/common';
import { Operation, type Access } from '#call';
import { operationOptions, type Declaration } from './declaration.ts';

export type PromptOptions = Declaration & Access;

export const PROMPT = Symbol('gatehouse:prompt');

/**
 * Offers a method as an MCP prompt. Its arguments are the fields of its input, which are texts (MCP, "Prompts"). It is
 * called as `(input, call)` and returns messages, or the text of the one message of the user.
 */
export function Prompt(options: PromptOptions): MethodDecorator {
  return applyDecorators(
    Operation(operationOptions(options)),
    SetMetadata(PROMPT, Object.freeze({ ...options })),
  );
}
