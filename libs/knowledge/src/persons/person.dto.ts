import { IsBoolean, IsOptional, IsString, Length, Matches } from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { ID_LENGTH, ONE_LINE } from '../dto/limits.ts';

/** Names stand in bodies, never in paths: paths are kept in logs and in the audit trail. */
class Person {
  @IsString()
  @Length(1, 255)
  @Matches(ONE_LINE)
  @JSONSchema({ description: 'The name as conversations have it, to the letter' })
  author_name!: string;
}

export class ExportPerson extends Person {
  @IsOptional()
  @IsString()
  @Length(1, ID_LENGTH)
  @JSONSchema({ description: 'What the answer before called `next`' })
  after?: string;
}

export class ErasePerson extends Person {
  @IsOptional()
  @IsBoolean()
  @JSONSchema({ description: 'Keeps what was said and takes away only who said it' })
  keep_texts?: boolean;
}
