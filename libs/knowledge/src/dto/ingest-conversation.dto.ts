import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { CONTENT_LENGTH, HTTP_URL, ID_LENGTH, MESSAGES, ONE_LINE, POINT_IN_TIME } from './limits.ts';

export class ConversationMessage {
  @IsString()
  @Length(1, CONTENT_LENGTH)
  text!: string;

  @IsOptional()
  @IsString()
  @MaxLength(255)
  @Matches(ONE_LINE)
  @JSONSchema({ description: 'Who said it' })
  author_name?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(ONE_LINE)
  @JSONSchema({ description: 'What the author is: human, assistant, …' })
  author_type?: string | null;

  @IsOptional()
  @IsString()
  @Matches(POINT_IN_TIME)
  @JSONSchema({ description: 'When it was said, ISO 8601; without an offset it is UTC' })
  timestamp?: string | null;
}

// Not oneOf: the APIs of language models refuse a tool whose schema begins with one.
const messagesOrContent = {
  if: { required: ['messages'], properties: { messages: { type: 'array' }, content: { type: 'null' } } },
  else: {
    required: ['conversation_id', 'content'],
    properties: {
      conversation_id: { type: 'string' },
      content: { type: 'string' },
      messages: { type: 'null' },
    },
  },
};

@JSONSchema({
  description: 'A conversation: its messages; or its id and its text as one, in `content`',
  ...messagesOrContent,
})
export class IngestConversation {
  @IsOptional()
  @IsString()
  @Length(1, ID_LENGTH)
  @Matches(ONE_LINE)
  @JSONSchema({ description: 'A conversation of this id is replaced; without one, a new id is made' })
  conversation_id?: string | null;

  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MESSAGES)
  @ValidateNested({ each: true })
  @Type(() => ConversationMessage)
  messages?: ConversationMessage[] | null;

  @IsOptional()
  @IsString()
  @Length(1, CONTENT_LENGTH)
  content?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(ONE_LINE)
  scenario_title?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(ONE_LINE)
  original_title?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  @Matches(HTTP_URL)
  @JSONSchema({ description: 'Where it comes from: http or https' })
  url?: string | null;
}
