import { Injectable } from '@nestjs/common';
import { callerOf, Operation, type Call, type Principal } from '#call';
import { GatehouseError, InvalidInput } from '#errors';
import { mayCall } from '#rbac';
import { Method } from '../declare/method.decorator.ts';
import { Catalogue } from '../offer/catalogue.ts';
import { MOST_URI_CHARACTERS } from '../offer/uri-template.ts';
import type { ProtocolRequest, ProtocolResult } from '../protocol/protocol-request.ts';
import { SERVER_INFO, SUBSCRIPTION_ID } from '../wire/era.ts';
import { isRecord, type Params } from '../wire/message.ts';
import { TaskWatch } from '../tasks/task-watch.ts';
import { requireTasks } from '../tasks/tasks-capability.ts';
import { serverInfo } from '../wire/server-info.ts';
import { StreamWatch } from './stream-watch.ts';
import { Subscribers, type Filter, type Subscriber } from './subscribers.ts';

/** Resources, and tasks, that one subscription names. */
const MOST_RESOURCES = 100;
const MOST_TASKS = 100;

/** The long-lived stream of changes (MCP 2026-07-28, "Subscriptions"). */
@Injectable()
export class ListenMethods {
  constructor(
    private readonly subscribers: Subscribers,
    private readonly catalogue: Catalogue,
    private readonly streams: StreamWatch,
    private readonly tasks: TaskWatch,
  ) {}

  @Method({ method: 'subscriptions/listen', era: 'modern' })
  @Operation({ name: 'mcp.listen', permission: 'mcp:use' })
  async listen(request: ProtocolRequest, call: Call): Promise<ProtocolResult> {
    const taskIds = await this.#tasksOf(request.params, call.principal);
    const filter = {
      ...this.#honoured(request.params, call),
      ...(taskIds.length > 0 && { taskIds }),
    };
    const principalId = call.principal?.id ?? '';
    this.subscribers.checkRoom(principalId);
    const channel = request.openChannel();
    if (!channel) throw new GatehouseError('METHOD_NOT_FOUND', 'This door has no streams');
    const id = request.id!;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    call.signal.addEventListener('abort', () => end(), { once: true });
    const subscriber: Subscriber = { id, principalId, filter, channel, end };
    this.subscribers.add(subscriber);
    const unwatch = this.streams.watch({ call, exchange: request.exchange, end });
    const unwatchTasks =
      taskIds.length > 0
        ? this.tasks.watch(taskIds, callerOf(call), (params) =>
            this.subscribers.tell(subscriber, 'notifications/tasks', params),
          )
        : undefined;
    await over;
    unwatchTasks?.();
    unwatch();
    this.subscribers.remove(subscriber);
    return { _meta: { [SERVER_INFO]: serverInfo, [SUBSCRIPTION_ID]: id } };
  }

  /** What of its wishes a client will hear of: resources that are not there, or not for it, are left out. */
  #honoured({ notifications }: Params, call: Call): Filter {
    if (!isRecord(notifications))
      throw new InvalidInput('notifications must be an object', [
        { path: '/notifications', message: 'is required' },
      ]);
    const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions } =
      notifications;
    const uris = Array.isArray(resourceSubscriptions) ? resourceSubscriptions.slice(0, MOST_RESOURCES) : [];
    const readable = uris.filter((uri) => typeof uri === 'string' && this.#mayRead(uri, call));
    return {
      ...(toolsListChanged === true && this.catalogue.offers('tools') && { toolsListChanged }),
      ...(promptsListChanged === true && this.catalogue.offers('prompts') && { promptsListChanged }),
      ...(resourcesListChanged === true && this.catalogue.offers('resources') && { resourcesListChanged }),
      ...(readable.length > 0 && { resourceSubscriptions: readable }),
    };
  }

  /** Another's task is left out as one that is not there. Throws CAPABILITY_MISSING. */
  async #tasksOf(params: Params, principal: Principal | undefined): Promise<readonly string[]> {
    const { notifications } = params;
    const wanted = isRecord(notifications) ? notifications['taskIds'] : undefined;
    if (!Array.isArray(wanted) || !principal || !this.catalogue.offers('tasks')) return [];
    requireTasks(params);
    const ids = wanted.filter((id): id is string => typeof id === 'string').slice(0, MOST_TASKS);
    return this.tasks.ownOf(ids, principal);
  }

  /** What is hidden from its caller is left out without a word to it, and goes on record. */
  #mayRead(uri: string, call: Call): boolean {
    if (uri.length > MOST_URI_CHARACTERS) return false;
    const operation = this.catalogue.resourceAt(uri)?.offered.handler.operation;
    if (operation === undefined) return false;
    const may = mayCall(call.principal, operation);
    if (!may && operation.permission) call.note('missing', operation.permission);
    return may;
  }
}
