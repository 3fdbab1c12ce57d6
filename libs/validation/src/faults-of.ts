import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Fault } from '#errors';
import { explain } from './explanations.ts';

/** More would teach nobody anything. */
const MOST_FAULTS = 10;
const LONGEST_NAME = 64;

/** Keywords whose failure ajv reports beside the failures of what they hold. */
const HOLDERS = new Set(['anyOf', 'oneOf', 'propertyNames', 'if']);

/** What is wrong with an input and what is allowed, for its sender. Nothing of a value, and only a bounded piece of a name. */
export function faultsOf(errors: readonly ErrorObject[]): Fault[] {
  const holders = errors.filter(({ keyword }) => HOLDERS.has(keyword));
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    if (error.keyword === 'if' || holders.some((holder) => holds(holder, error))) continue;
    const fault = { path: pathOf(error), message: messageOf(error, errors) };
    faults.set(`${fault.path} ${fault.message}`, fault);
    if (faults.size === MOST_FAULTS) break;
  }
  return [...faults.values()];
}

function messageOf(error: ErrorObject, errors: readonly ErrorObject[]): string {
  if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') return explain(error);
  const branches = Map.groupBy(
    errors.filter((other) => holds(error, other)),
    ({ schemaPath }) => schemaPath.slice(error.schemaPath.length + 1).split('/', 1)[0],
  );
  const sentences = [...branches.values()].map((branch) =>
    branch.map((part) => sentence(part, error)).join(' and '),
  );
  return [...new Set(sentences)].slice(0, MOST_FAULTS).join(', or ') || explain(error);
}

/** What a branch asks for may be about a property of the value that the holder is about. */
function sentence(part: ErrorObject, holder: ErrorObject): string {
  const inner = pathOf(part).slice(pathOf(holder).length + 1);
  return inner === '' ? explain(part) : `${inner} ${explain(part)}`;
}

function holds(holder: ErrorObject, error: ErrorObject): boolean {
  return (
    error.schemaPath.startsWith(`${holder.schemaPath}/`) &&
    `${error.instancePath}/`.startsWith(`${holder.instancePath}/`)
  );
}

function pathOf({ instancePath, params }: ErrorObject): string {
  const name = (params['missingProperty'] ?? params['additionalProperty']) as string | undefined;
  const path = name === undefined ? instancePath : `${instancePath}/${pointerToken(name)}`;
  return path.split('/').map(printable).join('/');
}

/** RFC 6901, section 3. */
function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The names in a path may be a stranger's: short, and nothing that a log or a terminal would act upon. */
function printable(name: string): string {
  const clean = name.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?');
  return clean.length > LONGEST_NAME ? `${clean.slice(0, LONGEST_NAME).toWellFormed()}…` : clean;
}
