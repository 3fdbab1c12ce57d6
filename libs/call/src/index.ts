export { Call, type CallOptions, type Door } from './call.ts';
export { callOf, CurrentCall, Input } from './call-of.ts';
export { EventStream, type AnswerEvent } from './event-stream.ts';
export type { LimitDecision } from './limit-decision.ts';
export { Operation, operationOf, type OperationOptions, type Permission } from './operation.ts';
export { allowed, refusedBy } from './outcome-of.ts';
export { roles, tiers, type Principal, type Role, type Tier } from './principal.ts';
export { RateLimited } from './rate-limited.ts';
export { CallRecorder, Settlement, type Outcome } from './settlement.ts';
