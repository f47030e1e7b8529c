/**
 * What translating to the Messages API and back costs, beside `JSON.parse` of the same bytes. `node test/bench/run.ts translate-anthropic`
 */
import { anthropicTranslator } from '../../runtime/backends/anthropic/translator.ts';
import type { ChatBody } from '../../runtime/backends/translate/translator.ts';
import { bytesOf, type Event, endOf, messageOf, startOf } from '../unit/dialects/anthropic-events.ts';
import { ASKED, targetOf } from '../unit/dialects/anthropic-target.ts';
import { BODY_LIMIT, CHUNK_LIMIT, type Job, measureJobs } from './translation/measure-jobs.ts';

const BYTES = 100 * 1024;
const CHUNKS = 200;
const WORDS = 'translation keeps what was meant, and tells what it could not "say"\n';
const TARGET = targetOf('claude-sonnet-4-5');

function fill(bytes: number): string {
  return WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
}

function writeJob(name: string, body: object): Job {
  const text = JSON.stringify({ model: 'auto', temperature: 0.2, max_tokens: 5000, ...body });
  const parsed = JSON.parse(text) as ChatBody;
  return {
    name,
    bytes: text.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => anthropicTranslator.write(parsed, TARGET, null).body.length,
    parse: () => JSON.parse(text).model.length,
  };
}

/** Turns with a call each, whose ids carry `thought` bytes of thought. */
function callTurns(count: number, thought: number): object[] {
  const content = [{ type: 'thinking', thinking: fill(thought), signature: fill(thought) }].filter(() => thought > 0);
  return Array.from({ length: count }, (_, at) => {
    const tool = { type: 'tool_use', id: `toolu_${at}`, name: 'search', input: { query: fill(200) } };
    const answer = anthropicTranslator.readAnswer(messageOf([...content, tool], 'tool_use', {}), ASKED);
    const { message } = JSON.parse(answer.body.toString()).choices[0];
    return [message, { role: 'tool', tool_call_id: message.tool_calls[0].id, content: JSON.stringify({ found: fill(400) }) }];
  }).flat();
}

function tools(strict: boolean): object[] {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`field_${at}`, { type: 'string', description: fill(80), enum: ['a', 'b'] }]),
  );
  const parameters = { type: 'object', properties, additionalProperties: false };
  return Array.from({ length: 35 }, (_, at) => ({
    type: 'function',
    function: { name: `tool_${at}`, strict, description: fill(100), parameters },
  }));
}

function readJob(name: string, content: readonly object[]): Job {
  const bytes = messageOf(content, 'end_turn', { input_tokens: 5, output_tokens: 7 });
  return {
    name,
    bytes: bytes.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => anthropicTranslator.readAnswer(bytes, ASKED).body.length,
    parse: () => JSON.parse(bytes.toString()).content.length,
  };
}

function streamJob(name: string, block: object, deltaOf: (at: number) => object): Job {
  const chunks = Array.from({ length: CHUNKS }, (_, at) => bytesOf([{ type: 'content_block_delta', index: 0, delta: deltaOf(at) }]));
  const texts = chunks.map((chunk) => chunk.toString());
  const first = bytesOf([startOf(), { type: 'content_block_start', index: 0, content_block: block } as Event]);
  const last = bytesOf([{ type: 'content_block_stop', index: 0 }, ...endOf('end_turn')]);
  return {
    name,
    bytes: chunks[0].length,
    limit: CHUNK_LIMIT,
    units: CHUNKS,
    run: () => {
      const stream = anthropicTranslator.openStream(ASKED);
      let length = stream.push(first).length;
      for (const chunk of chunks) length += stream.push(chunk).length;
      return length + stream.push(last).length + stream.end().length;
    },
    parse: () => texts.reduce((sum, text) => sum + JSON.parse(text.slice(text.indexOf('{'))).index + 1, 0),
  };
}

const HI = [{ role: 'user', content: 'hi' }];
const TURNS = Array.from({ length: Math.round(BYTES / 530) }, (_, at) => ({
  role: at % 2 === 0 ? 'user' : 'assistant',
  content: fill(500),
}));

async function run() {
  return measureJobs('Translation to the Messages API and back', [
    writeJob('write: one message', { messages: [{ role: 'user', content: fill(BYTES) }] }),
    writeJob('write: chat of 500 bytes a turn', { messages: [...TURNS, ...HI] }),
    writeJob('write: calls and results', { messages: [...HI, ...callTurns(110, 0)] }),
    writeJob('write: calls whose ids carry 2 KB of thought', { messages: [...HI, ...callTurns(16, 1000)], reasoning_effort: 'low' }),
    writeJob('write: 35 tools of 20 fields', { messages: HI, tools: tools(false) }),
    writeJob('write: the same, strict', { messages: HI, tools: tools(true) }),
    readJob('read: one text', [{ type: 'text', text: fill(BYTES) }]),
    readJob(
      'read: 100 calls',
      Array.from({ length: 100 }, (_, at) => ({ type: 'tool_use', id: `toolu_${at}`, name: 'search', input: { query: fill(900) } })),
    ),
    streamJob('stream: a word a chunk', { type: 'text', text: '' }, (at) => ({ type: 'text_delta', text: `word ${at} ` })),
    streamJob('stream: 2 KB a chunk', { type: 'text', text: '' }, () => ({ type: 'text_delta', text: fill(2048) })),
    streamJob('stream: arguments', { type: 'tool_use', id: 'a', name: 'f', input: {} }, () => ({
      type: 'input_json_delta',
      partial_json: '"a":',
    })),
    streamJob('stream: thoughts', { type: 'thinking', thinking: '', signature: '' }, () => ({
      type: 'thinking_delta',
      thinking: 'I wonder ',
    })),
  ]);
}

export const bench = { name: 'translate-anthropic', run };
