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

/** What can be done with users: by the gateway, or on its database while it is stopped. */
export interface UserAdmin {
  create(order: CreateUser): Promise<IssuedUserView>;
  list(page: ListUsers): Promise<UserListView>;
  amend(order: AmendUser): Promise<UserView>;
  delete(order: DeleteUser): Promise<DeletedUserView>;
  resetPassword(order: ResetPassword): Promise<IssuedUserView>;
  resetTotp(order: NameUser): Promise<IssuedUserView>;
  issueEnrolmentCode(order: NameUser): Promise<IssuedUserView>;
}
