import { IsString, Length, Matches } from 'class-validator';
import { NOT_BLANK, QUERY_LENGTH } from './limits.ts';

/** Arguments of the prompt: texts, as the protocol wants them. */
export class AskWithSources {
  @IsString()
  @Length(1, QUERY_LENGTH)
  @Matches(NOT_BLANK)
  question!: string;
}
