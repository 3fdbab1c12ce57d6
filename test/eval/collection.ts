import { readFileSync } from 'node:fs';
import ownCollection from './own-collection.json' with { type: 'json' };

/** Documents, and queries with the documents that a person found relevant to each. */
export interface Collection {
  name: string;
  documents: { id: string; title: string; text: string }[];
  queries: { id: string; text: string; relevant: string[] }[];
}

/** What a file holds: some collections number their documents. */
interface Found extends Pick<Collection, 'queries'> {
  documents: { id: string | number; title: string; text: string }[];
}

/** Small, made for this project: it is always there. */
export const own: Collection = { name: 'own-collection', ...ownCollection };

/** Reads `{documents: [{id, title, text}], queries: [{id, text, relevant: [id]}]}`. Throws an Error that says what is wrong. */
export function readCollection(file: string): Collection {
  const { documents, queries } = parse(file) as Partial<Found>;
  if (!Array.isArray(documents) || !documents.every((one) => isId(one?.id) && isText(one.text))) {
    throw new Error(`${file} has no "documents" of the form [{"id", "title", "text"}]`);
  }
  if (!Array.isArray(queries) || !queries.every((one) => isText(one?.text) && Array.isArray(one.relevant))) {
    throw new Error(`${file} has no "queries" of the form [{"id", "text", "relevant": [document id]}]`);
  }
  return { name: file, documents: documents.map((one) => ({ ...one, id: String(one.id) })), queries };
}

function parse(file: string): object {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`, {
      cause: error,
    });
  }
  try {
    return Object(JSON.parse(text)) as object;
  } catch (error) {
    throw new Error(`${file} is not JSON`, { cause: error });
  }
}

function isId(value: unknown): boolean {
  return isText(value) || typeof value === 'number';
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
