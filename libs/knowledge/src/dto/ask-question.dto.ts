import { IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { ID_LENGTH, NOT_BLANK, ONE_LINE, QUERY_LENGTH } from './limits.ts';

export class AskQuestion {
  @IsString()
  @Length(1, QUERY_LENGTH)
  @Matches(NOT_BLANK)
  @JSONSchema({ description: 'A question about the conversations' })
  query!: string;

  @IsInt()
  @Min(1)
  @Max(20)
  @JSONSchema({ description: 'Most passages that the answer may rest on' })
  top_k: number = 5;

  @IsOptional()
  @IsString()
  @Length(1, ID_LENGTH)
  @Matches(ONE_LINE)
  @JSONSchema({ description: 'Ask this conversation alone' })
  conversation_id?: string | null;
}
