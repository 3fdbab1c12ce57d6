import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

export class ListConnections {
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

export class ConnectionId {
  @IsString()
  @Matches(/^[0-9a-f]{12}-[0-9a-f]{12}$/)
  id!: string;
}
