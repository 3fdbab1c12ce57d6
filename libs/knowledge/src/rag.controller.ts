import { Controller, HttpCode, Post } from '@nestjs/common';
import { Throttle } from '@nestjs/throttler';
import { Call, CurrentCall, EventStream, Input, Operation } from '#call';
import { AskQuestion } from './dto/ask-question.dto.ts';
import { KnowledgeService } from './knowledge.service.ts';
import { askLimit, operations } from './operations.ts';

@Controller('rag')
export class RagController {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Post('ask')
  @HttpCode(200)
  @Throttle(askLimit)
  @Operation(operations.ask)
  ask(@Input() input: AskQuestion, @CurrentCall() call: Call) {
    return this.knowledge.ask(input, call);
  }

  @Post('ask-stream')
  @HttpCode(200)
  @Throttle(askLimit)
  @Operation(operations.askStream)
  async askStream(@Input() input: AskQuestion, @CurrentCall() call: Call) {
    return new EventStream(await this.knowledge.askStream(input, call));
  }
}
