import { GatehouseError } from '#errors';
import { CLIENT_CAPABILITIES, TASKS } from '../wire/era.ts';
import { isRecord, type Params } from '../wire/message.ts';

/** What a request declares that its client can do. */
export function capabilitiesIn({ _meta: meta }: Params): Params {
  const declared = isRecord(meta) ? meta[CLIENT_CAPABILITIES] : undefined;
  return isRecord(declared) ? declared : {};
}

/** Whether the client of a request can follow a task. */
export function followsTasks(params: Params): boolean {
  const { extensions } = capabilitiesIn(params);
  return isRecord(extensions) && isRecord(extensions[TASKS]);
}

/** Throws CAPABILITY_MISSING (tasks extension, "Capability Negotiation"). */
export function requireTasks(params: Params): void {
  if (!followsTasks(params)) throw tasksMissing();
}

export function tasksMissing(): GatehouseError {
  return new GatehouseError('CAPABILITY_MISSING', `The client has to support the extension ${TASKS}`, {
    details: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
  });
}
