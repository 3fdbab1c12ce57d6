import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
} from 'class-validator';
import { roles, type Permission, type Role } from '#call';
import { READABLE } from '#identity';
import { permissions } from '#rbac';
import { Page } from '#validation';

export class CreateOAuthClient {
  @IsString()
  @MaxLength(100)
  @Matches(READABLE)
  name!: string;

  /** What it may be at most where it acts for itself; `service` unless told otherwise. */
  @IsOptional()
  @IsIn(roles)
  role?: Role;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsIn(permissions, { each: true })
  scopes!: Permission[];

  /** Where codes may be sent. With any, it acts for persons who log in; without, for itself. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(1024, { each: true })
  redirect_uris?: string[];

  /** It can keep no secret. */
  @IsOptional()
  @IsBoolean()
  public?: boolean;
}

export class ListOAuthClients extends Page {}

export class NamedOAuthClient {
  /** Those of clients that registered themselves are no UUIDs. */
  @IsString()
  @Matches(/^[\w-]{1,128}$/)
  id!: string;
}

export class RotateSigningKeys {
  /** The keys of before were given away: all tokens that they have signed are void at once. */
  @IsOptional()
  @IsBoolean()
  compromised?: boolean;
}
