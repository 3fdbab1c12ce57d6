import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';

const LONGEST_SECONDS = 31_536_000;

export class BlockedAddress {
  /** IPv4, IPv6, or an IPv6 /64. */
  @IsString()
  @MinLength(2)
  @MaxLength(64)
  address!: string;
}

export class AddBlock extends BlockedAddress {
  /** BLOCK_DURATION unless told. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LONGEST_SECONDS)
  duration_seconds?: number;
}

export class ListBlocks {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  skip?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  limit?: number;
}
