import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DeclarationError } from '#call';
import { permissionFault } from '#rbac';
import { InputValidation } from '#validation';
import { HandlerWrapper, type Place } from './handler-wrapper.ts';
import type { Handler } from './handler.ts';

/** A method that carries a decorator of ours, ready to be called. */
export interface Declared<Options> extends Place {
  readonly options: Options;
  readonly handler: Handler;
  /** `Class.method`, for messages to the programmer. */
  readonly place: string;
}

/** Finds the methods that are offered, in whichever module they live, and puts each behind the pipeline. */
@Injectable()
export class DeclaredHandlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly wrapper: HandlerWrapper,
    private readonly validation: InputValidation,
  ) {}

  /** All methods with the decorator's metadata. @throws DeclarationError that names each that can't be offered, and why */
  find<Options>(decorator: symbol, wrap: 'wrap' | 'wrapWithInput' = 'wrapWithInput'): Declared<Options>[] {
    const found: Declared<Options>[] = [];
    const faults: string[] = [];
    for (const { instance, methodName, place, options } of this.#methods<Options>(decorator)) {
      const handler = instance ? this.wrapper[wrap](instance, methodName) : undefined;
      const fault = instance
        ? this.#faultOf(handler)
        : 'belongs to a request-scoped provider: make it a singleton';
      if (handler && !fault) found.push({ options, handler, place, instance: instance!, methodName });
      else faults.push(`${place}${handler ? ` (${handler.operation.name})` : ''} ${fault}`);
    }
    if (faults.length > 0)
      throw new DeclarationError(`Every handler declares what it is:\n  - ${faults.join('\n  - ')}`);
    return found;
  }

  #faultOf(handler: Handler | undefined): string | undefined {
    if (!handler) return 'carries no @Operation({ name, permission })';
    const { operation } = handler;
    const fault = permissionFault(operation);
    if (fault === undefined) this.validation.prepare(operation);
    return fault;
  }

  *#methods<Options>(decorator: symbol) {
    const seen = new Set<object>();
    for (const wrapper of this.discovery.getProviders()) {
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      const prototype = Object.getPrototypeOf(instance) as Record<string, object> | null;
      for (const methodName of this.scanner.getAllMethodNames(prototype)) {
        const options = Reflect.getMetadata(decorator, prototype![methodName]!) as Options | undefined;
        const place = `${String(wrapper.name)}.${methodName}`;
        if (options)
          yield {
            instance: wrapper.isDependencyTreeStatic() ? instance : undefined,
            methodName,
            place,
            options,
          };
      }
    }
  }
}
