import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** The part of a list that is asked for; its handler says how many there are without `limit`. */
export class Page {
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
