/**
 * A backend that does as little as a server on node:http can: it answers the same bytes to every request. A request whose body asks
 * for a stream gets `events` events, `gap` ms apart, each with the monotonic time in ns at which it was written; both numbers stand in
 * the model's name. It speaks chat completions, and Anthropic's API at `/v1/messages`. Prints its port. Run: node upstream.ts
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

const CHAT: Speech = {
  begin: '',
  word: (content) => `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`,
  end: 'data: [DONE]\n\n',
};
const MESSAGES: Speech = {
  get begin() {
    const message = {
      id: 'msg_x',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      usage: { input_tokens: 9, output_tokens: 1 },
    };
    return event('message_start', { message }) + event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  },
  word: (text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
  get end() {
    const usage = { output_tokens: 9 };
    return (
      event('content_block_stop', { index: 0 }) +
      event('message_delta', { delta: { stop_reason: 'end_turn' }, usage }) +
      event('message_stop', {})
    );
  },
};

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const shape = parts.length > 0 ? SHAPE.exec(parts[0].toString('latin1', 0, 256)) : null;
    if (shape) stream(response, request.url === '/v1/messages' ? MESSAGES : CHAT, Number(shape[1]), Number(shape[2]));
    else response.writeHead(200, HEAD).end(ANSWER);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

/** How an API begins a stream, says a word of it, and ends it. */
interface Speech {
  readonly begin: string;
  word(text: string): string;
  readonly end: string;
}

const event = (type: string, members: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

function stream(response: ServerResponse, { begin, word, end }: Speech, events: number, gap: number): void {
  response.writeHead(200, STREAM);
  if (begin !== '') response.write(begin);
  let left = events;
  const next = (): void => {
    if (left-- > 0) {
      response.write(word(`word @${process.hrtime.bigint()}@`));
      if (gap === 0) setImmediate(next);
      else setTimeout(next, gap);
    } else response.end(end);
  };
  next();
}
