import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { LEGACY, MODERN } from './revisions.ts';
import type { Told } from './socket-client.ts';

interface Definition {
  readonly anyOf?: readonly { readonly $ref: string }[];
  readonly properties?: {
    readonly method?: { readonly const?: string };
    readonly error?: { readonly allOf?: readonly Definition[] };
    readonly code?: { readonly const?: number };
  };
}
type Definitions = Readonly<Record<string, Definition>>;

/** Methods of the extension for tasks, which there is since 2026-07-28: the schema of the protocol knows nothing of it. */
const EXTENSION = /^(notifications\/)?tasks(\/|$)/;

/** The schema of one revision, as it is published with it. */
class OfficialSchema {
  readonly #ajv = addFormats.default(new Ajv2020({ strict: false, validateSchema: false }));
  readonly #checks = new Map<string, ValidateFunction>();
  /** Names of definitions, by the method that they are of, and by the code of an error. */
  readonly #requests = new Map<string, string>();
  readonly #notifications = new Map<string, string>();
  readonly #errors = new Map<number, string>();

  constructor(
    readonly revision: string,
    private readonly definitions: Definitions,
  ) {
    this.#ajv.addSchema({ $defs: definitions }, 'mcp');
    for (const [name, { properties }] of Object.entries(definitions)) {
      const method = properties?.method?.const;
      if (method !== undefined && name.endsWith('Request')) this.#requests.set(method, name);
      if (method !== undefined && name.endsWith('Notification')) this.#notifications.set(method, name);
      for (const part of properties?.error?.allOf ?? [])
        if (part.properties?.code?.const !== undefined) this.#errors.set(part.properties.code.const, name);
    }
  }

  /** The methods that a client may ask for. */
  get requests(): string[] {
    const { anyOf = [] } = this.definitions['ClientRequest']!;
    return anyOf.map(
      ({ $ref }) => this.definitions[$ref.slice('#/$defs/'.length)]!.properties!.method!.const!,
    );
  }

  /** What is wrong with what a server says; `asked` is the method that it answers. */
  faultOf(told: Told, asked: string | undefined): string | undefined {
    if (told.method !== undefined) return this.#faultOfWord(told, told.method);
    if (told.error) return this.#fault(told, this.#errors.get(told.error.code) ?? 'JSONRPCErrorResponse');
    const request = this.#requests.get(asked ?? '')?.slice(0, -'Request'.length);
    const isOfExtension =
      this.#isOfExtension(asked) || (this.#isModern && told.result?.['resultType'] === 'task');
    if (request === undefined && !isOfExtension) return `a result of ${asked}, which it does not have`;
    return (
      this.#fault(told, 'JSONRPCResultResponse') ??
      (isOfExtension ? undefined : this.#faultOfResult(told, request!))
    );
  }

  get #isModern(): boolean {
    return this.revision === MODERN;
  }
  #isOfExtension(method = ''): boolean {
    return this.#isModern && EXTENSION.test(method);
  }

  #faultOfResult(told: Told, request: string): string | undefined {
    const whole = `${request}ResultResponse`;
    if (whole in this.definitions) return this.#fault(told, whole);
    const named = `${request}Result`;
    return this.#fault(told.result, named in this.definitions ? named : 'EmptyResult');
  }

  #faultOfWord(told: Told, method: string): string | undefined {
    if (told.id !== undefined) {
      // Since 2026-07-28 it is clients alone that request.
      const asks = 'ServerRequest' in this.definitions && this.#requests.has(method);
      return asks ? this.#fault(told, 'ServerRequest') : `a request of the server: ${method}`;
    }
    const name = this.#notifications.get(method);
    if (name === undefined && !this.#isOfExtension(method))
      return `a notification that it does not have: ${method}`;
    return this.#fault(told, 'JSONRPCNotification') ?? (name && this.#fault(told, name));
  }

  #fault(value: unknown, definition: string): string | undefined {
    let check = this.#checks.get(definition);
    if (!check)
      this.#checks.set(definition, (check = this.#ajv.compile({ $ref: `mcp#/$defs/${definition}` })));
    return check(value)
      ? undefined
      : `no ${definition}: ${this.#ajv.errorsText(check.errors)} in ${JSON.stringify(value)}`;
  }
}

let schemas: Map<string, OfficialSchema> | undefined;

/** What is wrong with what a server of a revision says, as the official schema of that has it. */
export function wireFault(told: Told, revision: string, asked: string | undefined): string | undefined {
  const fault = schemaOf(revision).faultOf(told, asked);
  return fault && `${revision}: ${fault}`;
}

/** The methods that clients of a revision may ask for, tasks of 2025-11-25 included, which were an experiment. */
export function requestsOf(revision: string): string[] {
  return schemaOf(revision).requests;
}

function schemaOf(revision: string): OfficialSchema {
  schemas ??= new Map(published().map((schema) => [schema.revision, schema]));
  const schema = schemas.get(revision);
  if (!schema) throw new Error(`There is no official schema of ${revision}`);
  return schema;
}

/**
 * The official conformance suite holds the schemas, for itself alone: each is an object literal in its program, in which
 * there are no expressions. Its version is pinned; where they are no longer found, nothing passes.
 */
function published(): OfficialSchema[] {
  const suite = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json')));
  const program = readFileSync(join(suite, 'dist/index.js'), 'utf8');
  const found: OfficialSchema[] = [];
  for (const { index } of program.matchAll(/\{\$schema:`[^`]+`,\$defs:\{Annotations:/g)) {
    const { $defs } = runInNewContext(`(${literalAt(program, index)})`) as { $defs: Definitions };
    found.push(new OfficialSchema('DiscoverResult' in $defs ? MODERN : LEGACY, $defs));
  }
  const revisions = found.map(({ revision }) => revision).toSorted();
  if (String(revisions) !== String([LEGACY, MODERN]))
    throw new Error(`The schemas of ${revisions.join(', ') || 'nothing'} are in the conformance suite`);
  return found;
}

/** An object literal, up to the brace that closes it; braces in a text are none. */
function literalAt(program: string, start: number): string {
  let depth = 0;
  for (const { 0: token, index } of program.slice(start).matchAll(/`(?:[^`\\]|\\.)*`|[{}]/gs)) {
    if (token === '{') depth++;
    else if (token === '}' && --depth === 0) return program.slice(start, start + index + 1);
  }
  throw new Error('An object literal does not end');
}
