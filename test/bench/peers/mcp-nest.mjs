// @rekog/mcp-nest as its quick start has it, on the adapter that it has to be given. Plain JavaScript: its packages, and
// their types, are installed only when the bench asks for them.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { McpController, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { z } from 'zod';

const tools = Number(process.env.BENCH_TOOLS ?? 1);

class EchoController {}
for (let number = 0; number < tools; number++) {
  const name = number === 0 ? 'echo' : `echo_${number}`;
  const descriptor = {
    value: ({ text }) => ({ content: [{ type: 'text', text }] }),
    writable: true,
    configurable: true,
  };
  Object.defineProperty(EchoController.prototype, name, descriptor);
  const parameters = z.object({ text: z.string().max(1000) });
  Tool({ name, description: 'Says what it was told.', parameters })(
    EchoController.prototype,
    name,
    descriptor,
  );
  Payload()(EchoController.prototype, name, 0);
}
McpController()(EchoController);

class PeerModule {}
Module({ controllers: [EchoController] })(PeerModule);

const mcp = new McpStrategy({ name: 'bench', version: '1.0.0', transports: [new StreamableHttpTransport()] });
const app = await NestFactory.create(PeerModule, new FastifyAdapter(), { logger: ['error'] });
mcp.setHttpAdapter(app.getHttpAdapter());
app.connectMicroservice({ strategy: mcp });
await app.startAllMicroservices();
await app.listen(Number(process.argv[2]), '127.0.0.1');
