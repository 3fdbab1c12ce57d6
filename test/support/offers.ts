import type { Operation, Role } from '#call';
import type { Catalogue } from '#mcp';
import { mayCall } from '#rbac';
import { LEGACY, MODERN } from './gateway-client.ts';

export type Params = Record<string, unknown>;

/** One way to ask for something by its name. */
export interface Ask {
  readonly method: string;
  readonly eras: readonly string[];
  readonly params: (name: string) => Params;
}

export interface Offer {
  readonly name: string;
  /** As the audit trail names it. */
  readonly target: string;
  readonly operation: Operation;
  readonly asks: readonly Ask[];
}

const BOTH = [MODERN, LEGACY];

export const byName = (method: string): Ask => ({ method, eras: BOTH, params: (name) => ({ name }) });
const byUri = (method: string, eras = BOTH): Ask => ({ method, eras, params: (uri) => ({ uri }) });
const completion = (ref: (name: string) => Params): Ask => ({
  method: 'completion/complete',
  eras: BOTH,
  params: (name) => ({ ref: ref(name), argument: { name: 'drawer', value: '' } }),
});
const reads = [byUri('resources/read'), byUri('resources/subscribe', [LEGACY])];

/** Everything that is declared, with all the ways to ask for it. */
export function offersOf({ tools, prompts, resources, templates }: Catalogue): Offer[] {
  return [
    ...[...tools.values()].map(({ options: { name }, handler: { operation } }) => ({
      name,
      target: name,
      operation,
      asks: [byName('tools/call')],
    })),
    ...[...prompts.values()].map(({ options: { name }, handler: { operation } }) => ({
      name,
      target: name,
      operation,
      asks: [byName('prompts/get'), completion((named) => ({ type: 'ref/prompt', name: named }))],
    })),
    ...[...resources.values()].map(({ options, handler: { operation } }) => ({
      name: options.uri!,
      target: options.uri!,
      operation,
      asks: reads,
    })),
    ...[...templates.values()].flatMap(({ options, handler: { operation } }) => {
      const target = options.uriTemplate!;
      return [
        { name: target.replaceAll(/\{\w+\}/g, 'upper'), target, operation, asks: reads },
        { name: target, target, operation, asks: [completion((uri) => ({ type: 'ref/resource', uri }))] },
      ];
    }),
  ];
}

export function isHidden(operation: Operation, role: Role): boolean {
  return !mayCall({ id: 'p', name: 'p', role, tier: undefined, keyId: 'k' }, operation);
}

/** A name of the same length that nothing has. */
export function unlike(name: string): string {
  return `q${name.slice(1)}`;
}
