import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ValidationModule } from '#validation';
import { Dispatcher } from './dispatcher.ts';
import { Catalogue } from './offer/catalogue.ts';
import { DeclaredHandlers } from './offer/declared-handlers.ts';
import { HandlerWrapper } from './offer/handler-wrapper.ts';
import { Lists } from './offer/lists.ts';
import { LifecycleMethods } from './protocol/lifecycle.methods.ts';
import { ListMethods } from './protocol/list.methods.ts';
import { OtherMessages } from './protocol/other-messages.ts';
import { Router } from './router.ts';

/** The Model Context Protocol, apart from any transport. Any module's provider may offer tools, resources and prompts. */
@Module({
  imports: [DiscoveryModule, ValidationModule],
  providers: [
    Dispatcher,
    Router,
    LifecycleMethods,
    ListMethods,
    OtherMessages,
    Catalogue,
    Lists,
    DeclaredHandlers,
    HandlerWrapper,
  ],
  exports: [Dispatcher, Catalogue],
})
export class McpModule {}
