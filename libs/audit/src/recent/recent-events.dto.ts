import {
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { severities, type SeverityName } from './severities.ts';

const MAX_NAME = 128;

/** All that is given must fit. */
export class ListRecentEvents {
  @IsOptional()
  @IsString()
  @Matches(/^[a-z][a-z0-9_]{0,63}$/)
  event?: string;

  /** This one, and all that are worse. */
  @IsOptional()
  @IsIn(severities)
  severity?: SeverityName;

  /** Not before; a day ago unless told, and 31 at most. */
  @IsOptional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  since?: string;

  /** Id or name of who called. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_NAME)
  principal?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  address?: string;

  /** Also what went well and is everyday business. */
  @IsOptional()
  @IsBoolean()
  all?: boolean;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @Matches(/^[\w-]{1,400}$/)
  cursor?: string;
}
