import { IsString, Length, Matches } from 'class-validator';
import { ID_LENGTH, ONE_LINE } from './limits.ts';

/** The variable of `conversation://{id}`. */
export class ConversationVariable {
  @IsString()
  @Length(1, ID_LENGTH)
  @Matches(ONE_LINE)
  id!: string;
}
