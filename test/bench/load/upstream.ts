/**
 * A backend that does as little as a server on node:http can: it answers the same bytes to every request. A request whose body asks
 * for a stream gets `events` events, `gap` ms apart, each with the monotonic time in ns at which it was written; both numbers stand in
 * the request's query. Prints its port. Run: node upstream.ts
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWER = Buffer.from(
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'y'.repeat(850) }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 230, completion_tokens: 200, total_tokens: 430 },
  }),
);
const HEAD = ['content-type', 'application/json', 'content-length', String(ANSWER.length)];
const STREAM = ['content-type', 'text/event-stream'];
/** Events of a stream and ms between them, where the model's name does not say: `stream-<events>-<gap>`. */
const SHAPE = /"stream-(\d+)-(\d+)"/;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const shape = parts.length > 0 ? SHAPE.exec(parts[0].toString('latin1', 0, 64)) : null;
    if (shape) stream(response, Number(shape[1]), Number(shape[2]));
    else response.writeHead(200, HEAD).end(ANSWER);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

function stream(response: ServerResponse, events: number, gap: number): void {
  response.writeHead(200, STREAM);
  let left = events;
  const next = (): void => {
    if (left-- > 0) {
      const delta = { content: `word @${process.hrtime.bigint()}@` };
      response.write(`data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`);
      if (gap === 0) setImmediate(next);
      else setTimeout(next, gap);
    } else response.end('data: [DONE]\n\n');
  };
  next();
}
