import { Controller, HttpCode, Post } from '@nestjs/common';
import { Cached } from '#cache';
import { Call, CurrentCall, Input, Operation } from '#call';
import { SearchPassages } from './dto/search-passages.dto.ts';
import { KnowledgeService } from './knowledge.service.ts';
import { operations, searchCache } from './operations.ts';

@Controller('search')
export class SearchController {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Post()
  @HttpCode(200)
  @Operation(operations.search)
  @Cached(searchCache)
  search(@Input() input: SearchPassages, @CurrentCall() call: Call) {
    return this.knowledge.search(input, call);
  }
}
