import type { Call, Door, Operation, Outcome, Principal } from '#call';
import type { ErrorCode, Severity } from '#errors';
import { maskSecrets } from '#masking';
import { FragmentCache } from './fragment-cache.ts';
import { quote } from './quote.ts';

/** Something that is no call, and belongs in the audit trail all the same. */
export interface AuditEvent {
  /** Name, in the manner of requirements 7: `server_start`. */
  event: string;
  severity: Severity;
  result?: Outcome['result'];
  code?: ErrorCode;
  door?: Door;
  /** What it happened to. */
  target?: string;
  principal?: Principal;
  /** Address that it came from. */
  ip?: string;
  /** Of the call that brought it about, if one did. */
  correlationId?: string;
  notes?: Notes;
}

type Notes = Readonly<Record<string, string | number | boolean>>;

/** Bounds of a record, in characters before escaping. */
const MAX_NAME = 128;
const MAX_TARGET = 256;
const MAX_NOTES = 16;
const MAX_NOTE = 256;
/** How much of a text is searched for secrets before it is cut. */
const MAX_MASKED = 4096;

/** A record of one of these says what was done about it. */
const actionOf: Readonly<Record<string, string>> = { blocked_connection: ',"action":"BLOCKED"' };

/** Operations and principals are the same few objects over and over: their part of the record is made once. */
const operations = new WeakMap<Operation, string>();
const principals = new WeakMap<Principal, string>();
const targets = new FragmentCache((target) => `,"target":${quote(masked(target), MAX_TARGET)}`);

/**
 * The inside of a call's record: everything but its place in the chain. No arguments, and no secrets.
 * Built by hand, for this is the one thing that every call pays for.
 */
export function callBody(call: Call, { event, result, severity, code, status }: Outcome): string {
  const { operation, target, principal, notes } = call;
  return (
    `"time":"${isoTime()}","correlation_id":${quote(call.id, MAX_NAME)},"event":${quote(event, MAX_NAME)}` +
    `${actionOf[event] ?? ''},"result":"${result}","severity":"${severity}"` +
    (code === undefined ? '' : `,"code":"${code}"`) +
    `,"status":${status},"door":"${call.door}"` +
    (operation === undefined ? '' : (operations.get(operation) ?? rememberOperation(operation))) +
    (target === undefined ? '' : targets.get(target)) +
    (principal === undefined ? '' : (principals.get(principal) ?? rememberPrincipal(principal))) +
    `,"ip":${quote(call.address, MAX_NAME)},"elapsed_ms":${Math.round(call.elapsedMs * 1000) / 1000}` +
    (notes === undefined ? '' : notesText(notes))
  );
}

/** The same for what is no call. */
export function eventBody(event: AuditEvent): string {
  const { correlationId, result, code, door, target, principal, ip, notes } = event;
  return (
    `"time":"${isoTime()}"` +
    (correlationId === undefined ? '' : `,"correlation_id":${quote(correlationId, MAX_NAME)}`) +
    `,"event":${quote(event.event, MAX_NAME)}${actionOf[event.event] ?? ''}` +
    (result === undefined ? '' : `,"result":"${result}"`) +
    `,"severity":"${event.severity}"` +
    (code === undefined ? '' : `,"code":"${code}"`) +
    (door === undefined ? '' : `,"door":"${door}"`) +
    (target === undefined ? '' : targets.get(target)) +
    (principal === undefined ? '' : rememberPrincipal(principal)) +
    (ip === undefined ? '' : `,"ip":${quote(ip, MAX_NAME)}`) +
    (notes === undefined ? '' : notesText(notes))
  );
}

function rememberOperation(operation: Operation): string {
  const fragment = `,"operation":${quote(operation.name, MAX_NAME)}`;
  operations.set(operation, fragment);
  return fragment;
}

function rememberPrincipal(principal: Principal): string {
  const { id, name, role, keyId } = principal;
  const fragment =
    `,"principal":{"id":${quote(id, MAX_NAME)},"name":${quote(name, MAX_NAME)},"role":"${role}"}` +
    `,"key_id":${quote(keyId, MAX_NAME)}`;
  principals.set(principal, fragment);
  return fragment;
}

function notesText(notes: Notes): string {
  const entries = Object.entries(notes).slice(0, MAX_NOTES);
  const texts = entries.map(([key, value]) => `${quote(key, MAX_NAME)}:${noteText(value)}`);
  return `,"notes":{${texts.join(',')}}`;
}

function noteText(value: string | number | boolean): string {
  return typeof value === 'string' ? quote(masked(value), MAX_NOTE) : (JSON.stringify(value) ?? 'null');
}

function masked(text: string): string {
  return maskSecrets(text.slice(0, MAX_MASKED));
}

let lastMs = 0;
let lastIso = '';

/** Many records share a millisecond. */
function isoTime(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastIso = new Date(now).toISOString();
  }
  return lastIso;
}
