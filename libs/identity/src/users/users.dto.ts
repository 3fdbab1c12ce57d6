import {
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  MinLength,
} from 'class-validator';
import { roles, tiers, type Role, type Tier } from '#call';
import { Page } from '#validation';
import { READABLE } from '../readable.ts';

export class CreateUser {
  @IsString()
  @MaxLength(100)
  @Matches(READABLE)
  name!: string;

  @IsIn(roles)
  role!: Role;

  @IsOptional()
  @IsIn(tiers)
  tier?: Tier;

  /** Made up, and shown once, without one. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  password?: string;
}

export class ListUsers extends Page {}

export class NameUser {
  @IsUUID()
  id!: string;
}

export class AmendUser {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsIn(roles)
  role?: Role;

  /** `none` takes it away. */
  @IsOptional()
  @IsIn([...tiers, 'none'])
  tier?: Tier | 'none';

  @IsOptional()
  @IsBoolean()
  disabled?: boolean;
}

export class DeleteUser {
  @IsUUID()
  id!: string;

  /** The API keys that they have made or rotated work on. */
  @IsOptional()
  @IsBoolean()
  keep_keys?: boolean;

  /** So do the OAuth clients whose secret they were shown. */
  @IsOptional()
  @IsBoolean()
  keep_clients?: boolean;
}

export class ResetPassword {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  password?: string;
}
