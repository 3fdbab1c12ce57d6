import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { NOT_BLANK, ONE_LINE, POINT_IN_TIME, QUERY_LENGTH } from './limits.ts';

export class SearchFilters {
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(ONE_LINE)
  scenario_title?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(255)
  @Matches(ONE_LINE)
  author_name?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(ONE_LINE)
  author_type?: string | null;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  @JSONSchema({ description: 'Least score; 1 is a text that says nothing but the query, and all of it' })
  min_score?: number | null;

  @IsOptional()
  @IsString()
  @Matches(POINT_IN_TIME)
  @JSONSchema({
    description: 'Said then or later: ISO 8601; what has no time of its own counts by its ingestion',
  })
  date_from?: string | null;

  @IsOptional()
  @IsString()
  @Matches(POINT_IN_TIME)
  @JSONSchema({ description: 'Said then or earlier; a day counts whole' })
  date_to?: string | null;
}

export class SearchPassages {
  @IsString()
  @Length(1, QUERY_LENGTH)
  @Matches(NOT_BLANK)
  @JSONSchema({ description: 'Words or a question' })
  query!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  top_k: number = 10;

  @IsOptional()
  @ValidateNested()
  @Type(() => SearchFilters)
  filters?: SearchFilters | null;

  @IsBoolean()
  @JSONSchema({ description: 'Whether each result tells of its conversation' })
  include_metadata: boolean = true;
}
