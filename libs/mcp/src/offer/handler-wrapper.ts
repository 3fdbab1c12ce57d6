import { Injectable } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer, type NestContainer } from '@nestjs/core';
import { GuardsContextCreator } from '@nestjs/core/guards/index.js';
import { InterceptorsContextCreator } from '@nestjs/core/interceptors/index.js';
import { SkipThrottle } from '@nestjs/throttler';
import { operationOf, type Call } from '#call';
import type { Handler } from './handler.ts';
import { walkOf } from './walk.ts';

type AnyMethod = (...args: unknown[]) => unknown;

/** Where a method is. */
export interface Place {
  readonly instance: object;
  readonly methodName: string;
}

/**
 * The one place that knows how Nest puts guards and interceptors before a method that is no route: the very same
 * APP_GUARD and APP_INTERCEPTOR list that stands before a controller, and what the method itself carries besides. Guards
 * see `(input, call)` as the context's arguments, and type `mcp`.
 */
@Injectable()
export class HandlerWrapper {
  readonly #guards: GuardsContextCreator;
  readonly #interceptors: InterceptorsContextCreator;

  constructor(
    private readonly modules: ModulesContainer,
    config: ApplicationConfig,
  ) {
    const container = { getModules: () => modules } as NestContainer;
    this.#guards = new GuardsContextCreator(container, config);
    this.#interceptors = new InterceptorsContextCreator(container, config);
  }

  /** Of a method that takes what its handler is run with. Undefined where it does not declare its operation. */
  wrap(instance: object, methodName: string): Handler | undefined {
    const method = methodOf(instance, methodName);
    return this.#create(
      instance,
      standIn(method, (given, call) => method.call(instance, given, call)),
    );
  }

  /** Of a method that takes the call's input as the stages have left it, with its types and defaults. */
  wrapWithInput(instance: object, methodName: string): Handler | undefined {
    const method = methodOf(instance, methodName);
    return this.#create(
      instance,
      standIn(method, (_, call) => method.call(instance, (call as Call).input, call)),
    );
  }

  /**
   * Of a method in whose place something else runs: behind the same stages, with the same declaration. Uncounted: it is
   * on nobody's account, for nobody has asked for it just now.
   */
  wrapInPlace(
    { instance, methodName }: Place,
    run: (given: unknown, call: Call) => unknown,
    { uncounted = false } = {},
  ): Handler {
    const callback = standIn(methodOf(instance, methodName), (given, call) => run(given, call as Call));
    if (uncounted) SkipThrottle()(instance, methodName, { value: callback });
    return this.#create(instance, callback) as Handler;
  }

  #create(instance: object, method: AnyMethod): Handler | undefined {
    const operation = operationOf(method);
    if (!operation) return undefined;
    const home = this.#homeOf(instance);
    const guards = this.#guards.create(instance, method, home);
    const interceptors = this.#interceptors.create(instance, method, home);
    return { operation, run: walkOf({ guards, interceptors, method, instance }) };
  }

  /** The key of the module that provides it: there Nest keeps what `@UseGuards` and `@UseInterceptors` have made. */
  #homeOf(instance: object): string {
    for (const [key, { providers }] of this.modules) {
      for (const { isAlias, instance: provided } of providers.values()) {
        if (!isAlias && provided === instance) return key;
      }
    }
    return '';
  }
}

function methodOf(instance: object, methodName: string): AnyMethod {
  return (instance as Record<string, AnyMethod>)[methodName] as AnyMethod;
}

/** A function that guards can't tell from the method: they read its name and what decorators have left on it. */
function standIn(method: AnyMethod, callback: AnyMethod): AnyMethod {
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), callback);
  }
  return Object.defineProperty(callback, 'name', { value: method.name });
}
