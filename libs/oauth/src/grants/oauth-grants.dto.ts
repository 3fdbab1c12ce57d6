import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { READABLE } from '#identity';
import { Page } from '#validation';

export class ListOAuthGrants extends Page {
  /** Of a client that describes itself, its URL. */
  @IsOptional()
  @IsString()
  @MaxLength(2048)
  @Matches(READABLE)
  client_id?: string;

  /** Id of a person. */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  @Matches(READABLE)
  subject?: string;
}

export class NamedOAuthGrant {
  @IsString()
  @Matches(/^[\w-]{1,128}$/)
  id!: string;
}
