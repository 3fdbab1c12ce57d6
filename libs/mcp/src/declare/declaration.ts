import type { Type } from '@nestjs/common';
import type { Access, OperationOptions } from '#call';

/** What a tool, a resource and a prompt declare alike. */
export interface Declaration {
  /** Unique among its kind; what a client asks for. */
  name: string;
  /** For people. */
  title?: string;
  /** For models: what it does, and when to use it. */
  description: string;
  /** Name in the audit trail, the limits and the metrics, shared with the REST route of the same capability. */
  operation?: string;
  /** DTO class of the input: shown to clients and enforced. Without one, it takes no input. */
  input?: Type;
  /** Name of the audit event of a call that went well. */
  event?: string;
  /** The answer holds a secret that is meant for this caller, so it is not masked. */
  revealsSecret?: true;
}

/** The `@Operation` that stands behind a declaration. */
export function operationOptions(declaration: Declaration & Access): OperationOptions {
  const { name, operation = name, input, event, revealsSecret, permission } = declaration;
  const base = {
    name: operation,
    ...(input && { input }),
    ...(event && { event }),
    ...(revealsSecret && { revealsSecret }),
  };
  return permission ? { ...base, permission } : { ...base, public: true };
}
