import { hash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { operationOf, type Operation } from '#call';
import { canonicalJson, inputSchemaOf } from '#validation';
import type { CacheOptions } from '../cache.ts';
import type { KeyedHandler } from './call-keys.ts';
import { cachedOptionsOf, type CachedOptions } from './cached.decorator.ts';
import type { Revision } from './revision.ts';

/** A handler whose answers are kept. */
export interface CachedHandler extends KeyedHandler {
  readonly revision: Revision | undefined;
  /** What is the same for all its calls. */
  readonly cache: Omit<CacheOptions, 'signal' | 'onOutcome' | 'keep'>;
  readonly keep: ((answer: never) => boolean) | undefined;
}

/** The handlers with `@Cached`, by their declarations, which are one object for each. Found once, at start. */
@Injectable()
export class CachedOperations implements OnModuleInit {
  readonly #handlers = new Map<Operation, CachedHandler>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly modules: ModuleRef,
  ) {}

  of(operation: Operation | undefined): CachedHandler | undefined {
    return operation && this.#handlers.get(operation);
  }

  /** Throws an Error that names each that can't be cached, and why. */
  onModuleInit(): void {
    const faults: string[] = [];
    for (const { place, handler, options } of this.#declared()) {
      const operation = operationOf(handler);
      const fault = operation ? faultOf(operation, options) : 'carries no @Operation';
      if (fault) faults.push(`${place} is @Cached, but ${fault}`);
      else this.#handlers.set(operation!, this.#handlerOf(place, operation!, options));
    }
    if (faults.length > 0)
      throw new Error(`What is cached can be given again:\n  - ${faults.join('\n  - ')}`);
  }

  #handlerOf(place: string, operation: Operation, options: CachedOptions): CachedHandler {
    const { scope = 'principal', revision, keep, ttl, grace, notFoundTtl, tags } = options;
    return {
      place,
      operation: operation.name,
      schemaHash: hash('sha256', canonicalJson(inputSchemaOf(operation)), 'base64url'),
      scope,
      revision: revision && this.modules.get<Revision>(revision, { strict: false }),
      keep,
      cache: {
        ...(ttl !== undefined && { ttl }),
        ...(grace !== undefined && { grace }),
        ...(notFoundTtl !== undefined && { notFoundTtl }),
        ...(tags && { tags }),
      },
    };
  }

  *#declared(): Iterable<{ place: string; handler: object; options: CachedOptions }> {
    const seen = new Set<object>();
    for (const { instance } of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      const prototype = Object.getPrototypeOf(instance) as Record<string, object> | null;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype![method]!;
        const options = cachedOptionsOf(handler);
        if (options) yield { place: `${instance.constructor.name}.${method}`, handler, options };
      }
    }
  }
}

function faultOf(
  operation: Operation,
  { ttl = 1, grace = 0, notFoundTtl = 0 }: CachedOptions,
): string | undefined {
  if (operation.revealsSecret) return 'it reveals a secret';
  if (operation.event) return 'its calls are events, so they change something';
  const inRange = [ttl, grace, notFoundTtl].every((seconds) => seconds >= 0 && seconds <= 86_400);
  return inRange ? undefined : 'its times are not between 0 and 86400 seconds';
}
