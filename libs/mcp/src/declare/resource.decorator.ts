import { applyDecorators, SetMetadata, type Type } from '@nestjs/common';
import { Operation, type Access } from '#call';
import { operationOptions, type Declaration } from './declaration.ts';

interface ResourceDeclaration extends Declaration {
  /** Media type of what it reads as. */
  mimeType: string;
}
interface FixedResource extends ResourceDeclaration {
  uri: string;
  uriTemplate?: never;
  input?: never;
}
interface TemplateResource extends ResourceDeclaration {
  /** RFC 6570, level 1: `conversation://{id}`. A variable stands for one segment, percent-encoded. */
  uriTemplate: string;
  uri?: never;
  /** DTO class with one text field for each variable. */
  input: Type;
}

export type ResourceOptions = (FixedResource | TemplateResource) & Access;

export const RESOURCE = Symbol('gatehouse:resource');

/**
 * Offers a method as an MCP resource. It is called as `(input, call)`, the input being the template's variables, and
 * returns text, a JSON value, or `resourceContents(…)`. A resource that is not there throws NotFound.
 */
export function Resource(options: ResourceOptions): MethodDecorator {
  return applyDecorators(
    Operation(operationOptions(options)),
    SetMetadata(RESOURCE, Object.freeze({ ...options })),
  );
}
