// A server of the official SDK on stdio, for the bridges to stand in front of.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const tools = Number(process.env.BENCH_TOOLS ?? 1);

serveStdio(() => {
  const server = new McpServer({ name: 'bench', version: '1.0.0' });
  for (let number = 0; number < tools; number++) {
    const name = number === 0 ? 'echo' : `echo_${number}`;
    const inputSchema = z.object({ text: z.string().max(1000) });
    server.registerTool(name, { description: 'Says what it was told.', inputSchema }, ({ text }) => ({
      content: [{ type: 'text', text }],
    }));
  }
  return server;
});
