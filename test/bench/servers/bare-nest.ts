import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ready } from './ready.ts';

@Controller('mcp')
class BareController {
  @Post()
  @HttpCode(200)
  call(@Body() { id, params }: { id: number; params: { arguments: { text: string } } }): unknown {
    const { text } = params.arguments;
    return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } };
  }
}

@Module({ controllers: [BareController] })
class BareModule {}

const app = await NestFactory.create<NestFastifyApplication>(BareModule, new FastifyAdapter(), {
  logger: false,
});
await app.listen(0, '127.0.0.1');
ready({ port: (app.getHttpServer().address() as { port: number }).port });
