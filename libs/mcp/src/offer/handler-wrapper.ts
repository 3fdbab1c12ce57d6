import { Injectable } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { operationOf, type Call } from '#call';
import type { Handler } from './handler.ts';

type AnyMethod = (...args: unknown[]) => unknown;

/** Errors are told by the dispatcher, in its own protocol. */
const PIPELINE = { guards: true, interceptors: true, filters: false };

/**
 * The one place that knows how Nest wraps a method that is no route: with the very same APP_GUARD and APP_INTERCEPTOR
 * list that stands before a controller. Guards see `(input, call)` as the context's arguments, and type `mcp`.
 */
@Injectable()
export class HandlerWrapper {
  constructor(private readonly contexts: ExternalContextCreator) {}

  /** Of a method that takes what its handler is run with. Undefined where it does not declare its operation. */
  wrap(instance: object, methodName: string): Handler | undefined {
    const method = methodOf(instance, methodName);
    return this.#create(
      instance,
      methodName,
      admitting(method, (given, call) => method.call(instance, given, call)),
    );
  }

  /** Of a method that takes the call's input as the stages have left it, with its types and defaults. */
  wrapWithInput(instance: object, methodName: string): Handler | undefined {
    const method = methodOf(instance, methodName);
    return this.#create(
      instance,
      methodName,
      admitting(method, (_, call) => method.call(instance, call.input, call)),
    );
  }

  #create(instance: object, methodName: string, callback: AnyMethod): Handler | undefined {
    const operation = operationOf(callback);
    if (!operation) return undefined;
    // No parameter decorators, and no scope of its own: a handler gets what it is run with.
    const none = [undefined, undefined, undefined, undefined] as const;
    const run: Handler['run'] = this.contexts.create(
      instance,
      callback,
      methodName,
      ...none,
      PIPELINE,
      'mcp',
    );
    return { operation, run };
  }
}

function methodOf(instance: object, methodName: string): AnyMethod {
  return (instance as Record<string, AnyMethod>)[methodName] as AnyMethod;
}

/** Behind the last guard, the door has its say of who calls; then the method runs. */
function admitting(method: AnyMethod, run: (given: unknown, call: Call) => unknown): AnyMethod {
  return standIn(method, (given, second) => {
    const call = second as Call;
    const admitted = call.caller?.admit(call);
    return admitted ? admitted.then(() => run(given, call)) : run(given, call);
  });
}

/** A function that guards can't tell from the method: they read its name and what decorators have left on it. */
function standIn(method: AnyMethod, callback: AnyMethod): AnyMethod {
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), callback);
  }
  return Object.defineProperty(callback, 'name', { value: method.name });
}
