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
} from 'class-validator';
import { roles, tiers, type Role, type Tier } from '#call';
import { Page } from '#validation';
import { READABLE } from './readable.ts';

export class CreateKey {
  @IsString()
  @MaxLength(100)
  @Matches(READABLE)
  name!: string;

  @IsIn(roles)
  role!: Role;

  @IsOptional()
  @IsIn(tiers)
  tier?: Tier;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3650)
  expires_in_days?: number;
}

export class ListKeys extends Page {}

export class RotateKey {
  @IsUUID()
  id!: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2160)
  overlap_hours?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3650)
  expires_in_days?: number;
}

export class RevokeKey {
  @IsUUID()
  id!: string;

  /** Even if it is the last key of an admin. */
  @IsOptional()
  @IsBoolean()
  force?: boolean;
}
