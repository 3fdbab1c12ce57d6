/** One request that a client has sent, and what came of it. Times are milliseconds since 1970. */
export interface LoggedCall {
  readonly kind: string;
  /** Of which gateway it was asked. */
  readonly replica: number;
  /** Whose limit it counts for; undefined for a stranger, whom no limit of these is for. */
  readonly client: string | undefined;
  readonly address: string;
  readonly operation: string;
  readonly asked: number;
  /** When its answer was there, or nothing more could come. */
  readonly ended: number;
  /** Of its answer; undefined where none came. */
  readonly status: number | undefined;
  /** By which the audit trail knows it. */
  readonly id: string | undefined;
  /** Whether its gateway was killed meanwhile, so that no answer could come. */
  readonly excused: boolean;
  /** Whether limits were divided, as far as is known, all the while. */
  readonly divided: boolean;
}

const REFUSED = new Set([401, 403, 429]);

/** Let through by the limits: whatever came of it afterwards. */
export function isAdmitted({ client, status }: LoggedCall): boolean {
  return client !== undefined && status !== undefined && status !== 429 && status < 500;
}

export function isRefused({ status }: LoggedCall): boolean {
  return status !== undefined && REFUSED.has(status);
}

/** No answer, and nobody knows why. */
export function isLost({ status, excused }: LoggedCall): boolean {
  return status === undefined && !excused;
}
