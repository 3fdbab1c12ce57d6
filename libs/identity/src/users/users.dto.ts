import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { roles, tiers, type Role, type Tier } from '#call';
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

export class ListUsers {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  skip?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
}

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

export class ResetPassword {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  password?: string;
}
