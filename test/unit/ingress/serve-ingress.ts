import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ingress, IngressError, IngressRequest } from '../../../runtime/ingress/ingress.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';

/** What the server behind an ingress answers, said in chat completions. */
export interface Behind {
  readonly whole: Buffer;
  /** Bytes of a stream, cut as they are sent. */
  readonly stream: readonly Buffer[];
  /** The stream breaks after them. */
  readonly failure?: IngressError;
}

export interface Served {
  readonly url: string;
  /** Requests as the ingress read them, the newest last. */
  readonly requests: IngressRequest[];
  close(): Promise<void>;
}

/** Serves ingresses by path over HTTP, with answers that were recorded: what official clients then make of them is theirs. */
export async function serveIngress(
  routes: Readonly<Record<string, Ingress>>,
  behind: (request: IngressRequest) => Behind,
  plain: Readonly<Record<string, (body: Buffer) => Buffer>> = {},
): Promise<Served> {
  const requests: IngressRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = await readAll(incoming);
    const path = (incoming.url ?? '').split('?')[0];
    const ingress = routes[path];
    const answer = (status: number, bytes: Buffer): void => {
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(bytes);
    };
    try {
      if (plain[path]) {
        answer(200, plain[path](body));
        return;
      }
      const request = ingress.read(body);
      // Everything that an ingress makes of a body must pass the gateway's own reader.
      readRequestBody(ingress.endpoint, request.chat);
      requests.push(request);
      const told = behind(request);
      if (!request.stream) {
        answer(200, ingress.writeAnswer(told.whole, request));
        return;
      }
      outgoing.writeHead(200, { 'content-type': ingress.streamType });
      const stream = ingress.openStream(request);
      for (const chunk of told.stream) outgoing.write(stream.push(chunk));
      outgoing.end(told.failure === undefined ? stream.end() : stream.fail(told.failure));
    } catch (error) {
      const known = error instanceof BadRequest ? error : null;
      const said = { status: known?.status ?? 502, message: (error as Error).message, type: known?.type ?? 'server_error' };
      answer(said.status, ingress.writeError({ ...said, param: known?.param ?? null, code: known?.code ?? null, requestId: 'req-1' }, {}));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
