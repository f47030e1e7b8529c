import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import type { ApiAnswer } from './call-api.ts';
import { type ApiRequest, POOL_TOOLS } from './tools.ts';

/** A server of the Model Context Protocol whose tools are requests to the coordination API. https://modelcontextprotocol.io/specification */
export function createMcpServer(version: string, call: (request: ApiRequest) => Promise<ApiAnswer>): McpServer {
  const server = new McpServer({ name: 'policyd', version });
  for (const { name, title, description, input, readOnly, destructive, toRequest } of POOL_TOOLS) {
    const annotations = { readOnlyHint: readOnly, destructiveHint: destructive, openWorldHint: false };
    server.registerTool(name, { title, description, inputSchema: fromJsonSchema(input as never), annotations }, async (given: unknown) => {
      let answer: ApiAnswer;
      try {
        answer = await call(toRequest(given ?? {}));
      } catch (cause) {
        answer = {
          status: 0,
          body: { detail: `policyd does not answer: ${(cause as Error).message} [unreachable] help: start it, or name it with \`--url\`` },
        };
      }
      const { status, body } = answer;
      const text = JSON.stringify(body);
      if (status === 200) return { content: [{ type: 'text', text }], structuredContent: body as Record<string, unknown> };
      const { detail } = body as { detail?: string };
      return { content: [{ type: 'text', text: detail ?? text }], isError: true };
    });
  }
  return server;
}
