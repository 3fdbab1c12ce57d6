import type { Generated } from 'kysely';

/** Table of the tasks; migrations/004-tasks.ts and 012-task-doors.ts make it. */
export interface TasksTables {
  tasks: TaskRow;
}

/** One call of a tool that goes on after its answer. All that is JSON is kept as text: nobody searches in it. */
export interface TaskRow {
  /** Random, and all that a client needs beside its key. */
  id: string;
  /** Whose it is. */
  principal_id: string;
  /** JSON of the principal as it was when it called. */
  principal: string;
  tool: string;
  /** Correlation id of the call that made it, and the address that came from. */
  call_id: string;
  address: string;
  /** The door at which it came in; `mcp` where that was not kept. */
  door: Generated<string>;
  /** JSON of what the client has declared that it can do. */
  capabilities: string;
  /** JSON of the arguments; null once the task has ended. */
  input: string | null;
  /** JSON of what the client has answered so far; null once the task has ended. */
  answers: string | null;
  /** JSON of the questions that wait for an answer. */
  questions: string | null;
  /** As in the protocol: `working`, `input_required`, `completed`, `failed`, `cancelled`. */
  status: string;
  /** For people: how far it is, or why it ended. */
  status_message: string | null;
  /** JSON of the result of a completed task, of the error of a failed one. */
  outcome: string | null;
  /** Counts the runs; only the last of them may write. */
  run: Generated<number>;
  /** A process is at it, or was when it died. */
  running: Generated<boolean>;
  /** The run before this one was broken off by the end of its process. */
  interrupted: Generated<boolean>;
  /** How often that has happened. */
  interruptions: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
  expires_at: Date;
}
