import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How many calls are on record, by door: what opens a connection, and what was refused there, is none of them. */
export async function recordedCalls(dataDir: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const journal = join(dataDir, 'audit');
  const files = readdirSync(journal, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.jsonl') && !file.includes('checkpoint'),
  );
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(join(journal, file)) })) {
      if (!line.includes('"correlation_id"')) continue;
      const { door, operation } = JSON.parse(line) as { door: string; operation?: string };
      if (operation?.startsWith('connections.') || operation === 'mcp.listen') continue;
      counts[door] = (counts[door] ?? 0) + 1;
    }
  }
  return counts;
}
