import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { Page } from '#validation';

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

export class ListBlocks extends Page {}
