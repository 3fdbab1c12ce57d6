import { Controller, Delete, Get, HttpCode, Post, Put } from '@nestjs/common';
import { callerOf, CurrentCall, Input, Operation, type Call } from '#call';
import {
  userViewOf,
  type DeletedUserView,
  type IssuedUserView,
  type UserListView,
  type UserView,
} from './user.view.ts';
import { AmendUser, CreateUser, DeleteUser, ListUsers, NameUser, ResetPassword } from './users.dto.ts';
import { Users, type IssuedUser } from './users.service.ts';

/** `/admin/users`: the people who may log in. */
@Controller('admin/users')
export class UsersController {
  constructor(private readonly users: Users) {}

  @Post()
  @Operation({
    name: 'users.create',
    permission: 'users:write',
    input: CreateUser,
    event: 'user_created',
    revealsSecret: true,
  })
  async create(@Input() input: CreateUser, @CurrentCall() call: Call): Promise<IssuedUserView> {
    return issued(await this.users.create(input, callerOf(call)), call);
  }

  @Get()
  @Operation({ name: 'users.list', permission: 'users:read', input: ListUsers })
  async list(@Input() { skip = 0, limit = 100 }: ListUsers): Promise<UserListView> {
    const { users, total } = await this.users.list({ skip, limit });
    return { users: users.map(userViewOf), total, skip, limit };
  }

  @Get(':id')
  @Operation({ name: 'users.get', permission: 'users:read', input: NameUser })
  async get(@Input() { id }: NameUser): Promise<UserView> {
    return userViewOf(await this.users.get(id));
  }

  @Put(':id')
  @Operation({ name: 'users.amend', permission: 'users:write', input: AmendUser, event: 'user_changed' })
  async amend(@Input() { id, tier, ...change }: AmendUser, @CurrentCall() call: Call): Promise<UserView> {
    const amendment = { ...change, tier: tier === 'none' ? null : tier };
    return noted(await this.users.amend(id, amendment, callerOf(call)), call);
  }

  @Delete(':id')
  @Operation({ name: 'users.delete', permission: 'users:write', input: DeleteUser, event: 'user_deleted' })
  async delete(
    @Input() { id, keep_keys: keys = false, keep_clients: clients = false }: DeleteUser,
    @CurrentCall() call: Call,
  ): Promise<DeletedUserView> {
    call.note('subject_user', id);
    const { user, sessions, ...gone } = await this.users.delete(id, { keys, clients }, callerOf(call));
    const { name, role } = noted(user, call);
    const lists = {
      revoked_keys: gone.keys,
      deleted_clients: gone.clients,
      locked_clients: gone.lockedClients,
    };
    for (const [list, ids] of Object.entries(lists)) call.note(list, ids.length);
    return { id, name, role, sessions, ...lists };
  }

  @Post(':id/password')
  @HttpCode(200)
  @Operation({
    name: 'users.reset-password',
    permission: 'users:write',
    input: ResetPassword,
    event: 'user_password_reset',
    revealsSecret: true,
  })
  async resetPassword(
    @Input() { id, password }: ResetPassword,
    @CurrentCall() call: Call,
  ): Promise<IssuedUserView> {
    return issued(await this.users.resetPassword(id, password, callerOf(call)), call);
  }

  @Delete(':id/totp')
  @Operation({
    name: 'users.reset-totp',
    permission: 'users:write',
    input: NameUser,
    event: 'user_second_factor_reset',
    revealsSecret: true,
  })
  async resetTotp(@Input() { id }: NameUser, @CurrentCall() call: Call): Promise<IssuedUserView> {
    return issued(await this.users.resetSecondFactor(id, callerOf(call)), call);
  }

  @Post(':id/enrolment-code')
  @HttpCode(200)
  @Operation({
    name: 'users.issue-enrolment-code',
    permission: 'users:write',
    input: NameUser,
    event: 'enrolment_code_issued',
    revealsSecret: true,
  })
  async issueEnrolmentCode(@Input() { id }: NameUser, @CurrentCall() call: Call): Promise<IssuedUserView> {
    return issued(await this.users.issueEnrolmentCode(id, callerOf(call)), call);
  }
}

function issued({ user, password, enrolmentCode }: IssuedUser, call: Call): IssuedUserView {
  return {
    ...noted(user, call),
    ...(password !== undefined && { generated_password: password }),
    ...(enrolmentCode !== undefined && { enrolment_code: enrolmentCode }),
  };
}

function noted(user: Parameters<typeof userViewOf>[0], call: Call): UserView {
  call.note('subject_user', user.id);
  call.note('subject_role', user.role);
  return userViewOf(user);
}
