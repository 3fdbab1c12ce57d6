import { createServer, type RequestListener } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { ready } from './ready.ts';

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Says what it was told.', inputSchema: z.object({ text: z.string().max(1000) }) },
    ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  return server;
});
const listener = toNodeHandler(handler) as RequestListener;
const server = createServer(listener);
server.listen(0, '127.0.0.1', () => ready({ port: (server.address() as { port: number }).port }));
