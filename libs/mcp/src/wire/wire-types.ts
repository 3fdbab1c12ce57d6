import type {
  ContentBlockSchema,
  PromptMessageSchema,
  ServerCapabilitiesSchema,
  ToolAnnotationsSchema,
} from '@modelcontextprotocol/core';

/*
 * The official types, without their run-time schemas: on the hot path the few fields that matter are checked by hand.
 */
export type ContentBlock = (typeof ContentBlockSchema)['_output'];
export type PromptMessage = (typeof PromptMessageSchema)['_output'];
export type ServerCapabilities = (typeof ServerCapabilitiesSchema)['_output'];
export type ToolAnnotations = (typeof ToolAnnotationsSchema)['_output'];
