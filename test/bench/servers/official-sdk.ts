import { createServer, type RequestListener } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { ready } from './ready.ts';

const tools = Number(process.env['BENCH_TOOLS'] ?? 1);
const makeSchema = () => z.object({ text: z.string().max(1000) });
const madeOnce = process.env['BENCH_SCHEMAS'] === 'once' ? makeSchema() : undefined;

/** As its guide serves HTTP: no session, and a new server, with the schemas of its tools, for each request. */
const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  for (let number = 0; number < tools; number++) {
    const name = number === 0 ? 'echo' : `echo_${number}`;
    const options = { description: 'Says what it was told.', inputSchema: madeOnce ?? makeSchema() };
    server.registerTool(name, options, ({ text }) => ({ content: [{ type: 'text', text }] }));
  }
  return server;
});
const listener = toNodeHandler(handler) as RequestListener;
// As long as Fastify keeps idle connections by itself: 512 that wait for each other outlast Node's five seconds.
const server = createServer({ keepAliveTimeout: 72_000 }, listener);
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as { port: number }).port }));
