/**
 * What it costs to hear and answer callers that speak other APIs, beside `JSON.parse` of the same bytes.
 * `node test/bench/run.ts translate-ingress`
 */
import { joinThoughts } from '../../runtime/backends/anthropic/thought-id.ts';
import type { Ingress } from '../../runtime/ingress/ingress.ts';
import { INGRESSES } from '../../runtime/ingress/ingresses.ts';
import { callOf, type Chunk, completionOf, deltaOf, streamOf } from '../unit/ingress/chat-answers.ts';
import { BODY_LIMIT, CHUNK_LIMIT, type Job, measureJobs } from './translation/measure-jobs.ts';

const BYTES = 100 * 1024;
const CHUNKS = 200;
const WORDS = 'translation keeps what was meant, and tells what it could not "say"\n';
const { messages, responses, 'ollama-chat': ollama } = INGRESSES;

function fill(bytes: number): string {
  return WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
}

function readJob(name: string, ingress: Ingress, body: object): Job {
  const bytes = Buffer.from(JSON.stringify({ model: 'auto', stream: true, ...body }));
  return {
    name: `${ingress.name}, in: ${name}`,
    bytes: bytes.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => ingress.read(bytes).chat.length,
    parse: () => JSON.parse(bytes.toString()).model.length,
  };
}

const ASKS = {
  messages: { model: 'auto', stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
  responses: { model: 'auto', stream: true, input: 'hi' },
  'ollama-chat': { model: 'auto', messages: [{ role: 'user', content: 'hi' }] },
} as const;

function requestOf(ingress: Ingress) {
  return ingress.read(Buffer.from(JSON.stringify(ASKS[ingress.name as keyof typeof ASKS])));
}

function answerJob(name: string, ingress: Ingress, message: object): Job {
  const bytes = completionOf(message, 'stop');
  const request = requestOf(ingress);
  return {
    name: `${ingress.name}, out: ${name}`,
    bytes: bytes.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => ingress.writeAnswer(bytes, request).length,
    parse: () => JSON.parse(bytes.toString()).choices.length,
  };
}

function streamJob(name: string, ingress: Ingress, first: readonly Chunk[], pieceOf: (at: number) => Chunk): Job {
  const chunks = Array.from({ length: CHUNKS }, (_, at) => Buffer.from(`data: ${JSON.stringify(pieceOf(at))}\n\n`));
  const texts = chunks.map((chunk) => chunk.toString());
  // The usual beginning and end, apart from what is measured.
  const [head, ...rest] = streamOf([...first, deltaOf({}, 'stop')])
    .toString()
    .split(/(?<=\n\n)/);
  const before = Buffer.from([head, ...rest.slice(0, first.length)].join(''));
  const after = Buffer.from(rest.slice(first.length).join(''));
  const request = requestOf(ingress);
  return {
    name: `${ingress.name}, stream: ${name}`,
    bytes: chunks[0].length,
    limit: CHUNK_LIMIT,
    units: CHUNKS,
    run: () => {
      const stream = ingress.openStream(request);
      let length = stream.push(before).length;
      for (const chunk of chunks) length += stream.push(chunk).length;
      return length + stream.push(after).length + stream.end().length;
    },
    parse: () => texts.reduce((sum, text) => sum + JSON.parse(text.slice(text.indexOf('{'))).choices.length, 0),
  };
}

const TURNS = Math.round(BYTES / 600);
const CALLS = 110;
const QUERY = { query: fill(200) };

function messagesCalls(thought: number, count: number): object {
  const thinking = { type: 'thinking', thinking: fill(thought), signature: 'c'.repeat(thought) };
  return {
    max_tokens: 9000,
    messages: [
      { role: 'user', content: 'hi' },
      ...Array.from({ length: count }, (_, at) => [
        {
          role: 'assistant',
          content: [...(thought > 0 ? [thinking] : []), { type: 'tool_use', id: `toolu_${at}`, name: 'search', input: QUERY }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${at}`, content: [{ type: 'text', text: fill(500) }] }] },
      ]).flat(),
    ],
  };
}

function responsesCalls(): object {
  const items = Array.from({ length: CALLS }, (_, at) => [
    { type: 'function_call', call_id: `call_${at}`, name: 'search', arguments: JSON.stringify(QUERY) },
    { type: 'function_call_output', call_id: `call_${at}`, output: fill(500) },
  ]);
  return { input: [{ role: 'user', content: 'hi' }, ...items.flat()] };
}

function ollamaCalls(): object {
  const turns = Array.from({ length: CALLS }, () => [
    { role: 'assistant', content: '', tool_calls: [{ function: { name: 'search', arguments: QUERY } }] },
    { role: 'tool', tool_name: 'search', content: fill(500) },
  ]);
  return { messages: [{ role: 'user', content: 'hi' }, ...turns.flat()] };
}

function tools(): object[] {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`field_${at}`, { type: 'string', description: fill(80), enum: ['a', 'b'] }]),
  );
  return Array.from({ length: 31 }, (_, at) => ({
    name: `tool_${at}`,
    description: fill(100),
    strict: true,
    input_schema: { type: 'object', properties, additionalProperties: false, required: Object.keys(properties) },
  }));
}

async function run() {
  const turns = Array.from({ length: TURNS }, (_, at) => ({
    role: at % 2 === 0 ? 'user' : 'assistant',
    content: [{ type: 'text', text: fill(500), ...(at === TURNS - 1 ? { cache_control: { type: 'ephemeral' } } : {}) }],
  }));
  const plain = turns.map(({ role }) => ({ role, content: fill(500) }));
  const whole = { content: fill(BYTES) };
  const called = {
    tool_calls: Array.from({ length: 100 }, (_, at) => ({
      id: joinThoughts(`toolu_${at}`, { at: 0, thoughts: [] }),
      type: 'function',
      function: { name: 'search', arguments: JSON.stringify({ query: fill(900) }) },
    })),
  };
  return measureJobs('Callers that speak other APIs', [
    readJob('turns of 500 bytes, in blocks', messages, { max_tokens: 9, system: [{ type: 'text', text: 'a' }], messages: turns }),
    readJob('calls and results', messages, messagesCalls(0, CALLS)),
    readJob('calls behind 2 KB of thought', messages, messagesCalls(1000, 34)),
    readJob('31 strict tools of 20 fields', messages, { max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], tools: tools() }),
    readJob('turns of 500 bytes', responses, { input: plain }),
    readJob('calls and results', responses, responsesCalls()),
    readJob('turns of 500 bytes', ollama, { messages: plain }),
    readJob('calls and results', ollama, ollamaCalls()),
    ...[messages, responses, ollama].flatMap((ingress) => [
      answerJob('one text', ingress, whole),
      answerJob('100 calls', ingress, called),
      streamJob('a word a chunk', ingress, [], (at) => deltaOf({ content: `word ${at} ` })),
      streamJob('2 KB a chunk', ingress, [], () => deltaOf({ content: fill(2048) })),
      streamJob('thoughts', ingress, [], () => deltaOf({ reasoning_content: 'I wonder ' })),
      streamJob('arguments', ingress, callOf(0, 'call_1', 'f'), () =>
        deltaOf({ tool_calls: [{ index: 0, function: { arguments: '"a":' } }] }),
      ),
    ]),
  ]);
}

export const bench = { name: 'translate-ingress', run };
