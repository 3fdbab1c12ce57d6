import { Injectable } from '@nestjs/common';
import type { Passage } from '../conversation.ts';
import { FullTextIndex } from '../full-text.index.ts';
import { Answers } from './answers.ts';

/** More sentences than twenty passages of usual prose have. */
const MOST_SENTENCES = 400;
const QUOTED = 3;
/** A sentence that says less than this share of what the best one says is not quoted. */
const WORTH_QUOTING = 0.5;

interface Sentence {
  readonly text: string;
  /** 1 is the first. */
  readonly source: number;
  readonly passage: Passage;
}

const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });

/** Answers without a language model: quotes the sentences of the sources that say most of what was asked for. */
@Injectable()
export class ExtractiveAnswers extends Answers {
  readonly name = 'extractive';
  readonly model = undefined;

  constructor(private readonly index: FullTextIndex) {
    super();
  }

  async *answer(question: string, sources: readonly Passage[]): AsyncIterable<string> {
    yield 'Quoted from the conversations, without a language model:';
    for (const { text, source } of await this.#best(question, sources)) yield ` "${text}" [Source ${source}]`;
  }

  async #best(question: string, sources: readonly Passage[]): Promise<Sentence[]> {
    const all = sources.flatMap(sentencesOf).slice(0, MOST_SENTENCES);
    const relevance = await this.index.relevance(
      question,
      all.map(({ text }) => text),
    );
    const scored = all.map((sentence, i) => {
      const asked = all.findIndex((other) => asks(other, sentence));
      const worth = (relevance[i] ?? 0) + (relevance[asked] ?? 0);
      // Who asks the same question does not answer it.
      return { sentence, worth: isQuestion(sentence.text) ? worth / 4 : worth + sentence.passage.score / 4 };
    });
    const best = distinct(scored.toSorted((a, b) => b.worth - a.worth));
    const enough = (best[0]?.worth ?? 0) * WORTH_QUOTING;
    return best
      .slice(0, QUOTED)
      .filter(({ worth }) => worth >= enough)
      .map(({ sentence }) => sentence);
  }
}

function sentencesOf(passage: Passage, place: number): Sentence[] {
  return [...sentences.segment(passage.text)]
    .map(({ segment }) => segment.trim())
    .filter((text) => text !== '')
    .map((text) => ({ text, source: place + 1, passage }));
}

/** Whether `question` is what the passage of `reply` replies to: "Which city?" "San Jose." */
function asks(question: Sentence, reply: Sentence): boolean {
  const { passage } = question;
  return (
    passage.conversation_id === reply.passage.conversation_id &&
    passage.position + 1 === reply.passage.position &&
    passage.text.endsWith(question.text) &&
    isQuestion(question.text)
  );
}

function isQuestion(text: string): boolean {
  return /[?？؟]\W*$/u.test(text);
}

function distinct<T extends { sentence: Sentence }>(scored: readonly T[]): T[] {
  const seen = new Set<string>();
  return scored.filter(({ sentence: { text } }) => !seen.has(text) && seen.add(text));
}
