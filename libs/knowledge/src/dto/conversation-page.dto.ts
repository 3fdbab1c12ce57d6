import { IsInt, Max, Min } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';

export class ConversationPage {
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  @JSONSchema({ description: 'How many of the newest to pass over' })
  skip: number = 0;

  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;
}
