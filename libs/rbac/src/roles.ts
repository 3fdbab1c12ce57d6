import type { Permission, Role } from '#call';

/** Reads what is there and asks about it; adds to it. No erasure: what one person deletes is gone for all. */
const employee = [
  'account:use',
  'mcp:use',
  'tools:call',
  'conversations:read',
  'conversations:write',
  'rag:ask',
] as const;

/** A program that calls the API for its users: it may also take back what it ingested (RAG-41), and see what is down. */
const service = [...employee, 'conversations:delete', 'health:read'] as const;

/** Reads everything there is to review, and changes nothing: no tool that may write, no question that costs money. */
const auditor = [
  'account:use',
  'mcp:use',
  'conversations:read',
  'audit:read',
  'blocks:read',
  'encryption:read',
  'keys:read',
  'limits:read',
  'health:read',
  'metrics:read',
  'oauth:read',
  'users:read',
] as const;

/** Everything. Spelled out all the same: a permission that stands nowhere in this table is a typing error. */
const admin = [
  ...service,
  'audit:read',
  'blocks:read',
  'blocks:write',
  'cache:write',
  'encryption:read',
  'encryption:write',
  'keys:read',
  'keys:write',
  'limits:read',
  'limits:write',
  'metrics:read',
  'oauth:read',
  'oauth:write',
  'users:read',
  'users:write',
  'persons:read',
  'persons:erase',
] as const;

/**
 * What changes who may come in, or what others may do here (SUP-33): a person shows a second factor for it, so that a
 * password that was guessed, or a browser left open, is not enough.
 */
export const needsSecondFactor: ReadonlySet<Permission> = new Set([
  'blocks:write',
  'cache:write',
  'encryption:write',
  'keys:write',
  'limits:write',
  'oauth:write',
  'users:write',
]);

/** The one table of who may do what (SEN-3). Operations name permissions; only roles hold them. */
export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  employee,
  service,
  auditor,
  admin,
};
