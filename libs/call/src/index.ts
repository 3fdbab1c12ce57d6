export { Call, type CallOptions, type Door } from './call.ts';
export { callOf, CurrentCall, Input } from './call-of.ts';
export { EventStream, type AnswerEvent } from './event-stream.ts';
export type { LimitDecision } from './limit-decision.ts';
export { Operation, operationOf, type OperationOptions, type Permission } from './operation.ts';
export { logLevels, Peer, silentPeer, type Caller, type LogLevel, type Progress } from './peer.ts';
export { allowed, refusedBy } from './outcome-of.ts';
export { roles, tiers, type Principal, type Role, type Tier } from './principal.ts';
export { CallRecorder, Settlement, type Outcome } from './settlement.ts';
