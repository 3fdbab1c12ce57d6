/** One event of an answer that comes bit by bit. The data is JSON. */
export interface AnswerEvent {
  event: string;
  data: unknown;
}

/** An answer that comes bit by bit. Each door has its own form for it; REST sends server-sent events. */
export class EventStream {
  constructor(readonly events: AsyncIterable<AnswerEvent>) {}
}
