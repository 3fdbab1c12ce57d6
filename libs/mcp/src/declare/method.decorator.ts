import { SetMetadata } from '@nestjs/common';
import type { EraName } from '../wire/era.ts';
import type { Capability } from '../wire/server-info.ts';

export interface MethodOptions {
  /** JSON-RPC name: `tools/list`. */
  method: string;
  /** The only era that knows it. */
  era?: EraName;
  /** It is there only when the server has this to offer (MCP, "Capabilities"). */
  capability?: Capability;
}

export const METHOD = Symbol('gatehouse:method');

/** Serves a method of the protocol itself. It is called as `(request, call)` and returns its result. */
export function Method(options: MethodOptions): MethodDecorator {
  return SetMetadata(METHOD, Object.freeze({ ...options }));
}
