import type { Question } from './questions.ts';

/**
 * Ends a call that has to ask its client something first (MCP 2026-07-28, "Multi Round-Trip Requests"): no failure, but
 * a result that says what is asked. The client calls again with the answers.
 */
export class InputRequired extends Error {
  constructor(
    readonly questions: Readonly<Record<string, Question>>,
    readonly state: string,
  ) {
    super('The call waits for answers of its client');
    this.name = 'InputRequired';
  }
}
