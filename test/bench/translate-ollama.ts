/** What translating to Ollama's own API and back costs, beside `JSON.parse` of the same bytes. `node test/bench/run.ts translate-ollama` */
import { ollamaTranslator } from '../../runtime/backends/ollama/translator.ts';
import type { ChatBody } from '../../runtime/backends/translate/translator.ts';
import { answerOf, ASKED, buildTarget, callOf, endOf, linesOf, pieceOf } from '../unit/dialects/ollama-wire.ts';
import { BODY_LIMIT, CHUNK_LIMIT, type Job, measureJobs } from './translation/measure-jobs.ts';

const BYTES = 100 * 1024;
const CHUNKS = 200;
const WORDS = 'translation keeps what was meant, and tells what it could not "say"\n';
const TARGET = buildTarget('qwen3:8b', 32_768);

function fill(bytes: number): string {
  return WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
}

function writeJob(name: string, body: object): Job {
  const text = JSON.stringify({ model: 'auto', temperature: 0.2, max_tokens: 500, ...body });
  const parsed = JSON.parse(text) as ChatBody;
  return {
    name,
    bytes: text.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => ollamaTranslator.write(parsed, TARGET, null).body.length,
    parse: () => JSON.parse(text).model.length,
  };
}

function turns(): object[] {
  return Array.from({ length: Math.round(BYTES / 530) }, (_, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content: fill(500) }));
}

function callTurns(): object[] {
  return Array.from({ length: Math.round(BYTES / 900) }, (_, at) => {
    const call = { id: `call_${at}`, type: 'function', function: { name: 'search', arguments: JSON.stringify({ query: fill(200) }) } };
    return [
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: JSON.stringify({ found: fill(400) }) },
    ];
  }).flat();
}

/** Schemas as generators write them: fields by reference. */
function tools(): object[] {
  const $defs = { Field: { type: 'string', description: fill(80), enum: ['a', 'b'] } };
  const properties = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`field_${at}`, { $ref: '#/$defs/Field' }]));
  return Array.from({ length: 35 }, (_, at) => ({
    type: 'function',
    function: { name: `tool_${at}`, description: fill(2_000), parameters: { type: 'object', properties, $defs } },
  }));
}

function readJob(name: string, message: object): Job {
  const bytes = answerOf(message);
  return {
    name,
    bytes: bytes.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => ollamaTranslator.readAnswer(bytes, ASKED).body.length,
    parse: () => JSON.parse(bytes.toString()).model.length,
  };
}

function streamJob(name: string, pieceAt: (at: number) => object): Job {
  const chunks = Array.from({ length: CHUNKS }, (_, at) => linesOf([pieceOf(pieceAt(at))]));
  const last = linesOf([endOf()]);
  return {
    name,
    bytes: chunks[0].length,
    limit: CHUNK_LIMIT,
    units: CHUNKS,
    run: () => {
      const stream = ollamaTranslator.openStream(ASKED);
      let length = 0;
      for (const chunk of chunks) length += stream.push(chunk).length;
      return length + stream.push(last).length + stream.end().length;
    },
    parse: () => chunks.reduce((sum, chunk) => sum + JSON.parse(chunk.toString()).model.length, 0),
  };
}

const JOBS: readonly Job[] = [
  writeJob('write: one message', { messages: [{ role: 'user', content: fill(BYTES) }] }),
  writeJob('write: chat of 500 bytes a turn', { messages: turns() }),
  writeJob('write: calls and results', { messages: callTurns() }),
  writeJob('write: 35 tools of 20 references', { messages: [{ role: 'user', content: 'hi' }], tools: tools() }),
  readJob('read: one text', { content: fill(BYTES) }),
  readJob('read: 100 calls', { tool_calls: Array.from({ length: 100 }, () => callOf('search', { query: fill(900) })) }),
  streamJob('stream: a word a line', (at) => ({ content: `word ${at} ` })),
  streamJob('stream: 2 KB a line', () => ({ content: fill(2_048) })),
  streamJob('stream: a call a line', () => ({ tool_calls: [callOf('search', { query: fill(200) })] })),
];

export const bench = { name: 'translate-ollama', run: async () => measureJobs('Translation to the API of Ollama and back', JOBS) };
