import { Controller, Delete, Get, Post } from '@nestjs/common';
import { Call, CurrentCall, Input, Operation } from '#call';
import { ConversationId } from './dto/conversation-id.dto.ts';
import { ConversationPage } from './dto/conversation-page.dto.ts';
import { IngestConversation } from './dto/ingest-conversation.dto.ts';
import { KnowledgeService } from './knowledge.service.ts';
import { operations } from './operations.ts';

@Controller('conversations')
export class ConversationsController {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Post('ingest')
  @Operation(operations.ingest)
  ingest(@Input() input: IngestConversation, @CurrentCall() call: Call) {
    return this.knowledge.ingest(input, call);
  }

  @Get()
  @Operation(operations.list)
  list(@Input() input: ConversationPage) {
    return this.knowledge.list(input);
  }

  @Get(':conversation_id')
  @Operation(operations.get)
  get(@Input() input: ConversationId) {
    return this.knowledge.get(input);
  }

  @Delete(':conversation_id')
  @Operation(operations.delete)
  delete(@Input() input: ConversationId) {
    return this.knowledge.delete(input);
  }
}
