/** Tables of the audit trail; migrations 002 and 009 make them. */
export interface AuditTables {
  audit_records: AuditRecordRow;
  audit_checkpoints: AuditCheckpointRow;
  audit_index: AuditIndexRow;
  audit_removals: AuditRemovalsRow;
}

/**
 * One record of a chain. With PostgreSQL this is the journal itself; with the embedded database an index of the
 * files, filled behind them. `line` is the record, all other columns repeat what stands in it.
 */
export interface AuditRecordRow {
  chain: string;
  /** A bigint, which the driver gives as text. */
  seq: string;
  time: Date;
  event: string;
  result: string | null;
  severity: string;
  operation: string | null;
  principal_id: string | null;
  ip: string | null;
  correlation_id: string | null;
  /** The line of the journal, without its line break. */
  line: string;
}

/** The newest signed head in one segment of a chain. */
export interface AuditCheckpointRow {
  chain: string;
  segment: number;
  seq: string;
  hash: string;
  state: string;
  time: Date;
  /** The checkpoint as it was signed. */
  line: string;
}

/** How far the index has come in one chain of the files. */
export interface AuditIndexRow {
  chain: string;
  segment: number;
  /** Bytes of that segment that are in the index; a bigint, which the driver gives as text. */
  bytes: string;
}

/** With PostgreSQL: what was removed because its time was over, one statement for each key that signs. */
export interface AuditRemovalsRow {
  /** Id of the key. */
  key: string;
  /** Up to where, as it was signed. */
  line: string;
}
