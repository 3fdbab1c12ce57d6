/**
 * What is kept under a key. `generation` is that of its tags when its computation began: under another one it is void.
 * Either a value, as JSON text, or what NotFound said.
 */
export interface Entry {
  readonly generation: string;
  /** Epoch milliseconds. */
  readonly freshUntil: number;
  readonly text?: string;
  readonly notFound?: string;
}

/** An entry as bentocache hands it to its serializer. */
interface Item {
  readonly value: Entry;
  /** Epoch milliseconds. */
  readonly logicalExpiration: number;
  readonly createdAt: number;
}

type Head = [freshUntil: number, logicalExpiration: number, createdAt: number, notFound?: string];

/** Three lines: the generation, the head, and the value as it stands, so that neither tier writes its JSON anew. */
export const entrySerializer = {
  serialize({ value, logicalExpiration, createdAt }: Item): string {
    const { generation, freshUntil, text = '', notFound } = value;
    const head: Head = [freshUntil, logicalExpiration, createdAt];
    if (notFound !== undefined) head.push(notFound);
    return `${generation}\n${JSON.stringify(head)}\n${text}`;
  },

  deserialize(line: string): Item {
    const first = line.indexOf('\n');
    const second = line.indexOf('\n', first + 1);
    const head = JSON.parse(line.slice(first + 1, second)) as Head;
    const [freshUntil, logicalExpiration, createdAt, notFound] = head;
    const generation = line.slice(0, first);
    const value: Entry =
      notFound === undefined
        ? { generation, freshUntil, text: line.slice(second + 1) }
        : { generation, freshUntil, notFound };
    return { value, logicalExpiration, createdAt };
  },
};

export function generationOf(line: string): string {
  return line.slice(0, line.indexOf('\n'));
}

/** Without taking it apart. */
export function isOf(line: string, generation: string): boolean {
  return line.startsWith(generation) && line[generation.length] === '\n';
}
