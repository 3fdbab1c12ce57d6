import type { Era } from '../wire/era.ts';
import { resultJson } from '../wire/json-rpc.ts';
import type { PromptMessage } from '../wire/wire-types.ts';

/** The JSON text of a `prompts/get` result. */
export function promptResultJson(value: unknown, description: string, era: Era): string {
  const messages = typeof value === 'string' ? [userMessage(value)] : value;
  return resultJson({ description, messages }, era);
}

/** One message of the user, for a prompt that returns several. */
export function userMessage(text: string): PromptMessage {
  return { role: 'user', content: { type: 'text', text } };
}
