export type { ConnectionListView, ConnectionView } from './admin/connections.controller.ts';
export type { Connected } from './connected.ts';
export { ConnectionCaps, type Release } from './connection-caps.ts';
export { connectionsConfig } from './connections.config.ts';
export { Connections } from './connections.ts';
export { ConnectionsModule } from './connections.module.ts';
export { TurnedAway, turnedAwayFor, type TurnedAwayFor } from './turned-away.ts';
