import type { Era } from '../wire/era.ts';
import { resultJson } from '../wire/json-rpc.ts';

/** Text, or bytes in Base64. Its uri and media type are those of the resource unless it says otherwise. */
export type ResourceContent = { uri?: string; mimeType?: string } & (
  { text: string; blob?: never } | { blob: string; text?: never }
);

/** What a resource returns that is more than one text. Marked as `ToolResult` is, and for the same reason. */
export interface ResourceContents {
  readonly $result: 'resource';
  readonly contents: readonly ResourceContent[];
}

/** Several contents, or bytes in Base64: for a resource that is more than one text. */
export function resourceContents(...contents: readonly ResourceContent[]): ResourceContents {
  return { $result: 'resource', contents };
}

function isResourceContents(value: unknown): value is ResourceContents {
  return (
    typeof value === 'object' && value !== null && (value as Partial<ResourceContents>).$result === 'resource'
  );
}

/** Read for one caller, at one moment: to be asked for again. */
const UNKEPT = { ttlMs: 0, cacheScope: 'private' } as const;

/** The JSON text of a `resources/read` result. */
export function resourceResultJson(
  value: unknown,
  place: { uri: string; mimeType: string },
  era: Era,
): string {
  const contents = isResourceContents(value) ? value.contents : [{ text: textOf(value) }];
  return resultJson({ contents: contents.map((content) => ({ ...place, ...content })) }, era, UNKEPT);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
