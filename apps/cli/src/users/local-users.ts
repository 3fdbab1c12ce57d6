import { operationOf, type Call } from '#call';
import {
  IdentityModule,
  UsersController,
  type AmendUser,
  type CreateUser,
  type DeletedUserView,
  type DeleteUser,
  type IssuedUserView,
  type ListUsers,
  type NameUser,
  type ResetPassword,
  type UserListView,
  type UserView,
} from '#identity';
import { GrantsModule } from '#oauth';
import { LocalGatehouse } from '../keys/local-gatehouse.ts';
import type { UserAdmin } from './user-admin.ts';

/** Works on the stores of a gateway that is stopped. */
export class LocalUsers implements UserAdmin {
  readonly #gatehouse: LocalGatehouse;

  private constructor(gatehouse: LocalGatehouse) {
    this.#gatehouse = gatehouse;
  }

  static during<T>(work: (users: UserAdmin) => Promise<T>): Promise<T> {
    return LocalGatehouse.during([IdentityModule, GrantsModule], (gatehouse) =>
      work(new LocalUsers(gatehouse)),
    );
  }

  create(order: CreateUser): Promise<IssuedUserView> {
    return this.#do('create', order);
  }

  list(page: ListUsers): Promise<UserListView> {
    return this.#do('list', page);
  }

  amend(order: AmendUser): Promise<UserView> {
    return this.#do('amend', order);
  }

  delete(order: DeleteUser): Promise<DeletedUserView> {
    return this.#do('delete', order);
  }

  resetPassword(order: ResetPassword): Promise<IssuedUserView> {
    return this.#do('resetPassword', order);
  }

  resetTotp(order: NameUser): Promise<IssuedUserView> {
    return this.#do('resetTotp', order);
  }

  issueEnrolmentCode(order: NameUser): Promise<IssuedUserView> {
    return this.#do('issueEnrolmentCode', order);
  }

  /** The very handlers of the REST door. */
  #do<T>(name: keyof UsersController, input: unknown): Promise<T> {
    const controller = this.#gatehouse.get(UsersController);
    const handler = controller[name] as unknown as (input: unknown, call: Call) => Promise<T>;
    return this.#gatehouse.call(operationOf(handler)!, input, (checked, call) =>
      handler.call(controller, checked, call),
    );
  }
}
