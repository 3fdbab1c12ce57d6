import { Module, type Type } from '@nestjs/common';
import { IsString, MaxLength } from 'class-validator';
import { Tool } from '#mcp';

class Text {
  @IsString()
  @MaxLength(1000)
  text!: string;
}

/** Tools that are there and not called. */
export function moreTools(count: number): Type {
  class MoreTools {}
  for (let number = 0; number < count; number++) {
    const descriptor = { value: ({ text }: Text): Text => ({ text }) };
    Object.defineProperty(MoreTools.prototype, `echo${number}`, descriptor);
    const options = { name: `echo_${number}`, description: 'Says what it was told.', input: Text };
    Tool(options)(MoreTools.prototype, `echo${number}`, descriptor);
  }
  Module({ providers: [MoreTools] })(MoreTools);
  return MoreTools;
}
