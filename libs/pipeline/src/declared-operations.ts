import { Injectable, type OnModuleInit } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/internal';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { DeclarationError, operationOf, type Operation } from '#call';
import { permissionFault } from '#rbac';
import { InputValidation } from '#validation';

export interface DeclaredRoute {
  controller: string;
  method: string;
  operation: Operation;
}

/** Declare or be refused: a route without `@Operation`, or with a permission that no role has, stops the boot. */
@Injectable()
export class DeclaredOperations implements OnModuleInit {
  readonly #routes: DeclaredRoute[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly validation: InputValidation,
  ) {}

  get routes(): readonly DeclaredRoute[] {
    return this.#routes;
  }

  onModuleInit(): void {
    const faults: string[] = [];
    for (const { controller, method, handler } of this.#handlers()) {
      const operation = operationOf(handler);
      const fault = operation ? this.#prepare(operation) : 'carries no @Operation({ name, permission })';
      if (fault) faults.push(`${controller}.${method} ${fault}`);
      else this.#routes.push({ controller, method, operation: operation! });
    }
    if (faults.length > 0) {
      throw new DeclarationError(
        `Every route declares what it is (docs/write-a-tool.md):\n  - ${faults.join('\n  - ')}`,
      );
    }
  }

  #prepare(operation: Operation): string | undefined {
    const fault = permissionFault(operation);
    if (fault === undefined) this.validation.prepare(operation);
    return fault;
  }

  *#handlers(): Iterable<{ controller: string; method: string; handler: object }> {
    for (const { instance, name } of this.discovery.getControllers()) {
      if (!instance) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype[method]!;
        if (Reflect.hasMetadata(METHOD_METADATA, handler)) yield { controller: name, method, handler };
      }
    }
  }
}
