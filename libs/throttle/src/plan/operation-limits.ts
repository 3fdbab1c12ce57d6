import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { operationOf } from '#call';
import { ConfigError } from '#config';
import { throttleConfig, type ThrottleSettings } from '../throttle.config.ts';
import { declaredThrottle, type Handler } from './throttle-metadata.ts';

export interface OperationLimit {
  readonly max: number;
  readonly windowMs: number;
}

interface DeclaredHandler {
  /** `Controller.method`, for a message. */
  name: string;
  operation: string;
  handler: Handler;
  type: Type;
}

/**
 * The limits of single operations: from `@Throttle` on any of its handlers, so that route and tool of one operation share
 * one limit; RATE_LIMIT_OPERATIONS overrides. Found at start, since a tool may be called before its route.
 */
@Injectable()
export class OperationLimits implements OnModuleInit {
  readonly #limits = new Map<string, OperationLimit>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    @Inject(throttleConfig.KEY) private readonly settings: ThrottleSettings,
  ) {}

  get(operation: string): OperationLimit | undefined {
    return this.#limits.get(operation);
  }

  /** Names of the operations that have a limit. */
  names(): Iterable<string> {
    return this.#limits.keys();
  }

  onModuleInit(): void {
    const handlers = [...this.#handlers()];
    for (const handler of handlers) this.#declare(handler);
    this.#override(new Set(handlers.map(({ operation }) => operation)));
  }

  #declare({ name, operation, handler, type }: DeclaredHandler): void {
    const { limit, ttl, foreign } = declaredThrottle(this.reflector, handler, type);
    if (limit === undefined && ttl === undefined) return;
    if (foreign.length > 0) {
      throw new Error(
        `@Throttle on ${name}: ${foreign.join(', ')} can't be used: Gatehouse counts by principal`,
      );
    }
    const declared = {
      max: wholeNumber(limit ?? this.settings.clientMax, name),
      windowMs: wholeNumber(ttl ?? this.settings.clientWindowMs, name),
    };
    const other = this.#limits.get(operation);
    if (other && (other.max !== declared.max || other.windowMs !== declared.windowMs)) {
      throw new Error(
        `@Throttle on ${name} differs from another one of the operation ${operation}: keep one of them`,
      );
    }
    this.#limits.set(operation, declared);
  }

  #override(known: ReadonlySet<string>): void {
    const unknown = [...this.settings.operations.keys()].filter((name) => !known.has(name));
    if (unknown.length > 0) {
      const names = [...known].sort().join(', ');
      throw new ConfigError(
        unknown.map((name) => `RATE_LIMIT_OPERATIONS: there is no operation ${name}, but ${names}`),
      );
    }
    for (const [name, [max, seconds]] of this.settings.operations) {
      this.#limits.set(name, { max, windowMs: seconds * 1000 });
    }
  }

  *#handlers(): Iterable<DeclaredHandler> {
    for (const { instance } of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, Handler> | null;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype![method]!;
        const operation = operationOf(handler)?.name;
        const type = prototype!['constructor'] as unknown as Type;
        if (operation) yield { name: `${type.name}.${method}`, operation, handler, type };
      }
    }
  }
}

/** A limit is known before the first call: functions of the request have no place here. */
function wholeNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new Error(`@Throttle on ${name}: limit and ttl (milliseconds) must be whole numbers above 0`);
}
