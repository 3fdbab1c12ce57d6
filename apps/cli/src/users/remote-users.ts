import type {
  AmendUser,
  CreateUser,
  DeletedUserView,
  DeleteUser,
  IssuedUserView,
  ListUsers,
  NameUser,
  ResetPassword,
  UserListView,
  UserView,
} from '#identity';
import type { ApiClient } from '../api-client.ts';
import type { UserAdmin } from './user-admin.ts';

/** Asks a running gateway. */
export class RemoteUsers implements UserAdmin {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  create(order: CreateUser): Promise<IssuedUserView> {
    return this.#client.request('POST', '/admin/users', { body: order });
  }

  list({ skip, limit }: ListUsers): Promise<UserListView> {
    return this.#client.request('GET', '/admin/users', { query: { skip, limit } });
  }

  amend({ id, ...change }: AmendUser): Promise<UserView> {
    return this.#client.request('PUT', `/admin/users/${encodeURIComponent(id)}`, { body: change });
  }

  delete({ id, keep_keys, keep_clients }: DeleteUser): Promise<DeletedUserView> {
    return this.#client.request('DELETE', `/admin/users/${encodeURIComponent(id)}`, {
      query: { keep_keys, keep_clients },
    });
  }

  resetPassword({ id, ...order }: ResetPassword): Promise<IssuedUserView> {
    return this.#client.request('POST', `/admin/users/${encodeURIComponent(id)}/password`, { body: order });
  }

  resetTotp({ id }: NameUser): Promise<IssuedUserView> {
    return this.#client.request('DELETE', `/admin/users/${encodeURIComponent(id)}/totp`);
  }

  issueEnrolmentCode({ id }: NameUser): Promise<IssuedUserView> {
    return this.#client.request('POST', `/admin/users/${encodeURIComponent(id)}/enrolment-code`);
  }
}
