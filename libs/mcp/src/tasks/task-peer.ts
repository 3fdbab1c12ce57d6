import type { Call, Progress } from '#call';
import type { MaskText } from '#masking';
import { AskingPeer } from '../peer/asking-peer.ts';
import { InputRequired } from '../peer/input-required.ts';
import type { Params } from '../wire/message.ts';
import type { Questions, Task } from './task.ts';

const MAX_MESSAGE_LENGTH = 500;

/** The client of a task, which asks from time to time how it stands. */
export class TaskPeer extends AskingPeer {
  constructor(
    call: Call,
    mask: MaskText,
    private readonly task: Task,
    private readonly tell: (message: string) => void,
  ) {
    super(call, mask);
  }

  /** The status message of the task. */
  override progress({ progress, total, message }: Progress): void {
    const text = message ?? (total === undefined ? String(progress) : `${progress} of ${total}`);
    this.tell(this.masked(text).slice(0, MAX_MESSAGE_LENGTH));
  }

  /** There is no log of a task (tasks extension, "Task Status Notifications"). */
  override log(): void {}

  override get declared(): Params {
    return this.task.capabilities;
  }

  override get given(): readonly Params[] {
    return [this.task.answers];
  }

  override pauseFor(open: Questions): InputRequired {
    return new InputRequired(this.masked(open), '');
  }
}
