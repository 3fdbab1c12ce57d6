import { IsString, Length, Matches } from 'class-validator';
import { ID_LENGTH, ONE_LINE } from './limits.ts';

export class ConversationId {
  @IsString()
  @Length(1, ID_LENGTH)
  @Matches(ONE_LINE)
  conversation_id!: string;
}
