/** Tables of the audit trail; migrations/002-audit.ts makes them. */
export interface AuditTables {}
