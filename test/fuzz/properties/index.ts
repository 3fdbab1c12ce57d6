import type { FuzzProperty } from '../property.ts';
import { doorBytes } from './bytes.ts';
import { dispatcherBytes, dispatcherMessage } from './dispatcher.ts';
import { doorMessage } from './door.ts';
import { rounds } from './rounds.ts';
import { sessionSteps } from './session.ts';
import { socketSteps } from './sockets.ts';
import { tcpGreeting, tcpLines } from './tcp.ts';
import { webSocketFrames, webSocketHandshake } from './websocket.ts';

/** All that has to hold, innermost first. */
export const properties: readonly FuzzProperty[] = [
  dispatcherBytes,
  dispatcherMessage,
  doorMessage,
  doorBytes,
  rounds,
  sessionSteps,
  webSocketHandshake,
  webSocketFrames,
  tcpGreeting,
  tcpLines,
  socketSteps,
];
