import { Module } from '@nestjs/common';
import { McpModule } from '#mcp';
import { Handshakes } from './handshakes.ts';

@Module({ imports: [McpModule], providers: [Handshakes], exports: [Handshakes] })
export class SocketsModule {}
