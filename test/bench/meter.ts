/** What metering an answer that passes through costs for each chunk, beside `JSON.parse` of the same bytes. `node test/bench/run.ts meter` */
import { openMeter } from '../../runtime/backends/meter/open-meter.ts';
import { UsageDropper } from '../../runtime/backends/meter/usage-dropper.ts';
import type { Wire } from '../../runtime/backends/meter/wire.ts';
import { bytesOf } from '../unit/dialects/anthropic-events.ts';
import { linesOf, pieceOf } from '../unit/dialects/ollama-wire.ts';
import { type Job, measureJobs } from './translation/measure-jobs.ts';

/** What is promised for a chunk, in µs. */
const LIMIT = 5;
const CHUNKS = 400;

const CHAT = Buffer.from(
  `data: ${JSON.stringify({
    id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'gpt-4o-2024-08-06',
    service_tier: 'default',
    system_fingerprint: 'fp_1234567890',
    choices: [{ index: 0, delta: { content: ' "word"\n' }, logprobs: null, finish_reason: null }],
    usage: null,
  })}\n\n`,
);
const MESSAGES = bytesOf([{ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' "word"\n' } }]);
const RESPONSES = Buffer.from(
  `event: response.output_text.delta\ndata: ${JSON.stringify({ type: 'response.output_text.delta', item_id: 'msg_67c9fdcf37fc8190ba82116e33fb28c5', output_index: 0, content_index: 0, delta: ' "word"\n', sequence_number: 7, obfuscation: 'vvvvvvvvv' })}\n\n`,
);
const OLLAMA = linesOf([pieceOf({ content: ' "word"\n' })]);
const VECTORS = Buffer.from(`[${'-0.0123456,'.repeat(5_900)}1]`);

function parseOf(chunk: Buffer): () => number {
  const text = chunk.toString();
  const from = text.search(/[[{]/);
  return () => {
    let sum = 0;
    for (let count = 0; count < CHUNKS; count++) sum += typeof JSON.parse(chunk.toString('utf8', from)) === 'object' ? 1 : 0;
    return sum;
  };
}

function meterJob(name: string, wire: Wire, isStream: boolean, chunk: Buffer): Job {
  const run = (): number => {
    const meter = openMeter(wire, isStream);
    for (let count = 0; count < CHUNKS; count++) meter.see(chunk);
    meter.end();
    return meter.characters;
  };
  return { name, bytes: chunk.length, limit: LIMIT, units: CHUNKS, run, parse: parseOf(chunk) };
}

const JOBS: readonly Job[] = [
  meterJob('chat completions, an event', 'chat', true, CHAT),
  {
    name: 'chat completions, an event through the usage dropper',
    bytes: CHAT.length,
    limit: LIMIT,
    units: CHUNKS,
    run: () => {
      const dropper = new UsageDropper();
      let length = 0;
      for (let count = 0; count < CHUNKS; count++) length += dropper.push(CHAT).length;
      return length + dropper.end().length;
    },
    parse: parseOf(CHAT),
  },
  meterJob('messages, an event', 'messages', true, MESSAGES),
  meterJob('responses, an event', 'responses', true, RESPONSES),
  meterJob('ollama, a line', 'ollama', false, OLLAMA),
  meterJob('embeddings, 64 KB of a whole answer', 'embeddings', false, VECTORS),
];

export const bench = { name: 'meter', run: async () => measureJobs('Metering what passes through', JOBS) };
