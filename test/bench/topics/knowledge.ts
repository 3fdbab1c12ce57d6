import { Child } from '../child.ts';
import { median } from '../load.ts';
import { atMost, hundredths, type Measured } from '../report.ts';

const CONVERSATIONS = 1000;
const SEARCHES = 300;
const CONCURRENCY = 4;

/** Words that talk of different things, so that queries match some conversations and not others. */
const topics = [
  'flight',
  'hotel',
  'doctor',
  'concert',
  'taxi',
  'rent',
  'music',
  'bank',
  'weather',
  'restaurant',
];
const places = ['Oslo', 'Lima', 'Kyoto', 'Cairo', 'Porto', 'Quito', 'Perth', 'Turin', 'Leeds', 'Bergen'];
const wishes = [
  'cheap',
  'quiet',
  'early',
  'late',
  'direct',
  'large',
  'vegetarian',
  'near the station',
  'with a view',
];

const pick = <T>(from: readonly T[], seed: number): T => from[seed % from.length]!;

function conversation(index: number): unknown {
  const [topic, place, wish] = [
    pick(topics, index),
    pick(places, index * 7 + 3),
    pick(wishes, index * 5 + 1),
  ];
  const turns = Array.from({ length: 16 }, (_, turn) => ({
    author_name: turn % 2 === 0 ? 'User' : 'System',
    author_type: turn % 2 === 0 ? 'human' : 'assistant',
    text:
      turn % 2 === 0
        ? `I am looking for a ${topic} in ${place}, ${wish} if there is one, on day ${(index + turn) % 28}.`
        : `There is one in ${place} that is ${pick(wishes, index + turn)}; shall I book the ${topic} for you?`,
  }));
  return { conversation_id: `bench-${index}`, scenario_title: topic, messages: turns };
}

/** Ingest of a thousand conversations, and searches among them, over REST and on the embedded database. */
export async function knowledge(): Promise<Measured> {
  const child = await Child.start('gatehouse', { BENCH_LIMITS: 'off', BENCH_CACHE: 'off' });
  try {
    const post = async (path: string, body: unknown): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${child.port}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...child.headers },
        body: JSON.stringify(body),
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    };

    const started = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < CONVERSATIONS) await post('/conversations/ingest', conversation(next++));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    const ingestSeconds = (performance.now() - started) / 1000;

    const times: number[] = [];
    for (let search = 0; search < SEARCHES; search++) {
      const query = `${pick(wishes, search)} ${pick(topics, search * 3)} in ${pick(places, search * 11)}`;
      const begun = performance.now();
      await post('/search', { query });
      times.push(performance.now() - begun);
    }
    const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
    return {
      figures: [
        {
          who: 'knowledge',
          ingestSeconds: hundredths(ingestSeconds),
          searchP50Ms: hundredths(median(times)),
          searchP95Ms: hundredths(p95),
        },
      ],
      rows: [
        atMost('knowledge/ingest-1000', ingestSeconds, 's', 30),
        atMost('knowledge/search-p95', p95, 'ms', 50),
      ],
    };
  } finally {
    await child.stop();
  }
}
