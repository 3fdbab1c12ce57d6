import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';

export class CacheKeyToInvalidate {
  /** As it is; not a pattern. */
  @IsString()
  @MinLength(1)
  @MaxLength(512)
  key!: string;
}

/** Without either, it is everything. */
export class CacheSelection {
  /** Keys that it fits: `*` stands for any characters, `?` for one. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(512)
  pattern?: string;

  /** What its computation was tagged with. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  tag?: string;
}
