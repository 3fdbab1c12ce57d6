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
import { LocalGatehouse } from '../local-gatehouse.ts';
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
    return this.#gatehouse.handle(UsersController, 'create', order);
  }

  list(page: ListUsers): Promise<UserListView> {
    return this.#gatehouse.handle(UsersController, 'list', page);
  }

  amend(order: AmendUser): Promise<UserView> {
    return this.#gatehouse.handle(UsersController, 'amend', order);
  }

  delete(order: DeleteUser): Promise<DeletedUserView> {
    return this.#gatehouse.handle(UsersController, 'delete', order);
  }

  resetPassword(order: ResetPassword): Promise<IssuedUserView> {
    return this.#gatehouse.handle(UsersController, 'resetPassword', order);
  }

  resetTotp(order: NameUser): Promise<IssuedUserView> {
    return this.#gatehouse.handle(UsersController, 'resetTotp', order);
  }

  issueEnrolmentCode(order: NameUser): Promise<IssuedUserView> {
    return this.#gatehouse.handle(UsersController, 'issueEnrolmentCode', order);
  }
}
