import { IsString, MaxLength, MinLength } from 'class-validator';

export class LimitsOfClient {
  /** Id of a principal, or an address. */
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  client!: string;
}
