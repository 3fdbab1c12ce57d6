import { SetMetadata, type Type } from '@nestjs/common';

/** `resource:action`; libs/rbac grants it to roles. */
export type Permission = `${string}:${string}`;

interface OperationBase {
  /** Name in the audit trail, the limits and the metrics: `conversations.ingest`. */
  name: string;
  /** DTO class of the input. Its JSON Schema is shown to callers and enforced. Without one, the call takes no input. */
  input?: Type;
  /**
   * The input is that of a protocol (OAuth 2.0), whose own server checks it: members that nobody knows are to be ignored
   * there. In place of an input class.
   */
  foreignInput?: true;
  /** Name of the audit event of a call that went well; `call` where there is none. */
  event?: string;
  /** `refusals`: a call that went well leaves no record. For probes only. */
  audit?: 'always' | 'refusals';
  /** The answer holds a secret that is meant for this caller (a new key), so it is not masked. */
  revealsSecret?: true;
}

/** Who may call it: all that hold the permission, or everybody, which has to be said. */
export type Access = { permission: Permission; public?: never } | { public: true; permission?: never };

/** What each route and each tool declares of itself. */
export type OperationOptions = OperationBase & Access;

/** A declaration as the stages read it. One object for each handler, so what is worked out for it can be kept by it. */
export type Operation = Readonly<OperationOptions>;

const OPERATION = Symbol('gatehouse:operation');

/** Declares a handler. One without it stops the boot. */
export function Operation(options: OperationOptions): MethodDecorator {
  return SetMetadata(OPERATION, Object.freeze({ ...options }));
}

/** The declaration of a handler (the method itself, not its name), if it has one. */
export function operationOf(handler: object): Operation | undefined {
  return Reflect.getMetadata(OPERATION, handler) as Operation | undefined;
}
