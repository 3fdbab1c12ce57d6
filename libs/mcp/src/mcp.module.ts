import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ValidationModule } from '#validation';
import type { ConfigOf } from '#config';
import { StateConnection } from '#valkey';
import { encryptionConfig, Envelope, KeyRotation } from '#encryption';
import { JobQueue } from '#jobs';
import { Database } from '#persistence';
import { Dispatcher } from './dispatcher.ts';
import { Changes } from './listen/changes.ts';
import { ListenMethods } from './listen/listen.methods.ts';
import { PolicyChanges } from './listen/policy-changes.ts';
import { StreamWatch } from './listen/stream-watch.ts';
import { Subscribers } from './listen/subscribers.ts';
import { mcpConfig } from './mcp.config.ts';
import { Catalogue } from './offer/catalogue.ts';
import { DeclaredHandlers } from './offer/declared-handlers.ts';
import { HandlerWrapper } from './offer/handler-wrapper.ts';
import { Lists } from './offer/lists.ts';
import { Conversations } from './peer/conversations.ts';
import { SealedState } from './peer/sealed-state.ts';
import { CompletionMethods } from './protocol/completion.methods.ts';
import { LifecycleMethods } from './protocol/lifecycle.methods.ts';
import { ListMethods } from './protocol/list.methods.ts';
import { OtherMessages } from './protocol/other-messages.ts';
import { SessionMethods } from './protocol/session.methods.ts';
import { Router } from './router.ts';
import { TaskMethods } from './tasks/task.methods.ts';
import { TaskRunner } from './tasks/task-runner.ts';
import { TaskSeal } from './tasks/task-seal.ts';
import { TaskStore } from './tasks/task-store.ts';
import { TaskTools } from './tasks/task-tools.ts';
import { TaskWatch } from './tasks/task-watch.ts';
import { tasksConfig } from './tasks/tasks.config.ts';
import { MemorySessionStore } from './session/memory-session-store.ts';
import { SessionStore } from './session/session-store.ts';
import { SharedSessionStore } from './session/shared-session-store.ts';
import { ValkeySessionStore } from './session/valkey-session-store.ts';
import { ConnectionSessions } from './session/connection-sessions.ts';
import { Sessions } from './session/sessions.ts';

const sessionStore = {
  provide: SessionStore,
  inject: [mcpConfig.KEY, { token: StateConnection, optional: true }],
  useFactory: (
    { sessionTimeoutMs, sessionsPerClient, sessions }: ConfigOf<typeof mcpConfig>,
    connection?: StateConnection,
  ) => {
    const bounds = { timeoutMs: sessionTimeoutMs, perClient: sessionsPerClient, total: sessions };
    const local = new MemorySessionStore(bounds);
    return connection
      ? new SharedSessionStore(new ValkeySessionStore({ ...bounds, connection }), local)
      : local;
  },
};

/** There is none where the program keeps nothing, which is well as long as no tool runs as a task. */
const taskStore = {
  provide: TaskStore,
  inject: [
    tasksConfig.KEY,
    encryptionConfig.KEY,
    { token: Database, optional: true },
    { token: JobQueue, optional: true },
    { token: Envelope, optional: true },
    { token: KeyRotation, optional: true },
  ],
  useFactory: (
    config: ConfigOf<typeof tasksConfig>,
    atRest: ConfigOf<typeof encryptionConfig>,
    database?: Database,
    queue?: JobQueue,
    envelope?: Envelope,
    rotation?: KeyRotation,
  ) => {
    if (!database || !queue) return undefined;
    const seal = new TaskSeal(envelope, atRest);
    if (rotation) seal.register(rotation, database);
    return new TaskStore(database, queue, config, seal);
  },
};

/** The Model Context Protocol, apart from any transport. Any module's provider may offer tools, resources and prompts. */
@Module({
  imports: [DiscoveryModule, ValidationModule],
  providers: [
    Dispatcher,
    Router,
    LifecycleMethods,
    ListMethods,
    CompletionMethods,
    SessionMethods,
    ListenMethods,
    OtherMessages,
    Conversations,
    SealedState,
    sessionStore,
    Sessions,
    ConnectionSessions,
    Subscribers,
    StreamWatch,
    Changes,
    PolicyChanges,
    Catalogue,
    Lists,
    DeclaredHandlers,
    HandlerWrapper,
    taskStore,
    TaskTools,
    TaskRunner,
    TaskWatch,
    TaskMethods,
  ],
  exports: [Dispatcher, Catalogue, Changes, ConnectionSessions, HandlerWrapper, StreamWatch],
})
export class McpModule {}
