import { applyDecorators, SetMetadata, type Type } from '@nestjs/common';
import { Operation, type Access } from '#call';
import type { ToolAnnotations } from '../wire/wire-types.ts';
import { operationOptions, type Declaration } from './declaration.ts';
import type { TaskDeclaration, TaskSupport } from './task-declaration.ts';

interface ToolDeclaration extends Declaration {
  /** DTO class of the structured result: shown to clients, which check it. */
  output?: Type;
  /** Runs as a task where its client can follow one. A word alone is `{ support: … }`. */
  task?: TaskSupport | TaskDeclaration;
  /** Hints for clients: `{ readOnlyHint: true }`. Nothing here enforces them. */
  annotations?: ToolAnnotations;
}

/** Without a permission of its own, a tool needs `tools:call`. */
export type ToolOptions = ToolDeclaration & (Access | { permission?: never; public?: never });

export const TOOL = Symbol('gatehouse:tool');

/**
 * Offers a method as an MCP tool (MCP 2026-07-28, "Tools"). It is called as `(input, call)` behind the whole pipeline
 * and returns a JSON value, which becomes text and structured content, or a `toolResult(…)`. INVALID_INPUT, NOT_FOUND,
 * CONFLICT and UPSTREAM_FAILED are told to the model as the tool's result; any other error ends the call.
 */
export function Tool(options: ToolOptions): MethodDecorator {
  const access: Access = options.public
    ? { public: true }
    : { permission: options.permission ?? 'tools:call' };
  return applyDecorators(
    Operation(operationOptions({ ...options, ...access } as ToolDeclaration & Access)),
    SetMetadata(TOOL, Object.freeze({ ...options })),
  );
}
