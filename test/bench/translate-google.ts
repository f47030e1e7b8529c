/** What translating to the Gemini API and back costs, beside `JSON.parse` of the same bytes. `node test/bench/run.ts translate-google` */
import { googleTranslator } from '../../runtime/backends/google/translator.ts';
import type { ChatBody } from '../../runtime/backends/translate/translator.ts';
import { ASKED, buildAnswer, buildTarget, frame } from '../unit/dialects/google-wire.ts';
import { BODY_LIMIT, CHUNK_LIMIT, type Job, measureJobs } from './translation/measure-jobs.ts';

const WORDS = 'translation keeps what was meant, and tells what it could not "say"\n';
const BYTES = 100 * 1024;

function fill(bytes: number): string {
  return WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
}

function writeJob(name: string, body: object): Job {
  const bytes = Buffer.from(JSON.stringify({ model: 'auto', temperature: 0.2, max_tokens: 500, ...body }));
  const parsed = JSON.parse(bytes.toString()) as ChatBody;
  const target = buildTarget('gemini-3-flash-preview');
  return {
    name,
    bytes: bytes.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => googleTranslator.write(parsed, target, null).body.length,
    parse: () => JSON.parse(bytes.toString()).model.length,
  };
}

function listTurns(): object[] {
  return Array.from({ length: Math.round(BYTES / 530) }, (_, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content: fill(500) }));
}

function listToolTurns(): object[] {
  return Array.from({ length: Math.round(BYTES / 900) }, (_, at) => [
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: `call_${at}`, type: 'function', function: { name: 'search', arguments: `{"query":${JSON.stringify(fill(200))}}` } },
      ],
    },
    { role: 'tool', tool_call_id: `call_${at}`, content: JSON.stringify({ found: fill(400) }) },
  ]).flat();
}

function listTools(): object[] {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`field_${at}`, { type: 'string', description: fill(80), enum: ['a', 'b'] }]),
  );
  return Array.from({ length: 35 }, (_, at) => ({
    type: 'function',
    function: { name: `tool_${at}`, description: fill(100), parameters: { type: 'object', properties } },
  }));
}

function readJob(name: string, answer: object): Job {
  const bytes = Buffer.from(JSON.stringify(answer));
  return {
    name,
    bytes: bytes.length,
    limit: BODY_LIMIT,
    units: 1,
    run: () => googleTranslator.readAnswer(bytes, ASKED).body.length,
    parse: () => JSON.parse(bytes.toString()).candidates.length,
  };
}

function streamJob(name: string, part: (at: number) => object): Job {
  const units = 200;
  const last = frame([buildAnswer([])]);
  const events = Array.from({ length: units }, (_, at) =>
    frame([{ candidates: [{ content: { parts: [part(at)], role: 'model' } }], usageMetadata: { promptTokenCount: 9 } }]),
  );
  return {
    name,
    bytes: events[0].length,
    limit: CHUNK_LIMIT,
    units,
    run: () => {
      const stream = googleTranslator.openStream(ASKED);
      let length = 0;
      for (const event of events) length += stream.push(event).length;
      stream.push(last);
      return length + stream.end().length;
    },
    parse: () => events.reduce((sum, event) => sum + JSON.parse(event.toString('utf8', 6)).candidates.length, 0),
  };
}

const JOBS: readonly Job[] = [
  writeJob('write: one message', { messages: [{ role: 'user', content: fill(BYTES) }] }),
  writeJob('write: chat of 500 bytes a turn', { messages: listTurns() }),
  writeJob('write: calls and results', { messages: listToolTurns() }),
  writeJob('write: 35 tools of 20 fields', { messages: [{ role: 'user', content: 'hi' }], tools: listTools() }),
  readJob('read: one text', buildAnswer([{ text: fill(BYTES) }])),
  readJob(
    'read: 100 calls',
    buildAnswer(Array.from({ length: 100 }, () => ({ functionCall: { name: 'search', args: { query: fill(900) } } }))),
  ),
  streamJob('stream: a word an event', (at) => ({ text: `word ${at} ` })),
  streamJob('stream: 2 KB an event', () => ({ text: fill(2048) })),
  streamJob('stream: a call an event', (at) => ({ functionCall: { name: 'search', id: `fc-${at}`, args: { query: fill(200) } } })),
];

export const bench = { name: 'translate-google', run: async () => measureJobs('Translation to the Gemini API and back', JOBS) };
