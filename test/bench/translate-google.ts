/**
 * What translating to the Gemini API and back costs, beside `JSON.parse` of the same bytes: medians over interleaved rounds.
 * `node test/bench/run.ts translate-google`
 */
import type { Table } from '../../compiler/bench/table.ts';
import { googleTranslator } from '../../runtime/backends/google/translator.ts';
import type { ChatBody } from '../../runtime/backends/translate/translator.ts';
import { ASKED, buildAnswer, buildTarget, frame } from '../unit/dialects/google-wire.ts';

const ROUNDS = 61;
const CALLS = 8;
/** What is promised: a whole body, and one event of a stream, in µs. */
const BODY_LIMIT = 2_000;
const EVENT_LIMIT = 100;
const WORDS = 'translation keeps what was meant, and tells what it could not "say"\n';
const BYTES = 100 * 1024;

let sink = 0;

interface Job {
  readonly name: string;
  readonly bytes: Buffer;
  readonly limit: number;
  /** How many units of work one call does. */
  readonly units: number;
  run(): number;
  parse(): number;
}

function fill(bytes: number): string {
  return WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, bytes);
}

function writeJob(name: string, body: object): Job {
  const bytes = Buffer.from(JSON.stringify({ model: 'auto', temperature: 0.2, max_tokens: 500, ...body }));
  const parsed = JSON.parse(bytes.toString()) as ChatBody;
  const target = buildTarget('gemini-3-flash-preview');
  return {
    name,
    bytes,
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
    bytes,
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
    bytes: events[0],
    limit: EVENT_LIMIT,
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

function time(work: () => number, units: number): number {
  const begun = performance.now();
  for (let call = 0; call < CALLS; call++) sink += work();
  return ((performance.now() - begun) * 1000) / CALLS / units;
}

function medianOf(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1];
}

async function run(): Promise<Table> {
  const own = JOBS.map((): number[] => []);
  const parse = JOBS.map((): number[] => []);
  for (let round = -15; round < ROUNDS; round++) {
    for (const [at, job] of JOBS.entries()) {
      const taken = [time(job.run, job.units), time(job.parse, job.units)];
      if (round < 0) continue;
      own[at].push(taken[0]);
      parse[at].push(taken[1]);
    }
  }
  if (sink === 0) throw new Error('nothing was measured');
  const rows = JOBS.map((job, at) => {
    const [mine, its] = [medianOf(own[at]), medianOf(parse[at])];
    return [
      job.name,
      `${(job.bytes.length / 1024).toFixed(1)}`,
      mine.toFixed(1),
      its.toFixed(1),
      (mine / its).toFixed(2),
      mine < job.limit ? `< ${job.limit}` : `over ${job.limit}`,
    ];
  });
  return {
    title: 'Translation to the Gemini API and back',
    columns: ['what', 'KB', 'µs', 'µs JSON.parse', 'ratio', 'limit µs'],
    rows,
    notes: [
      'Medians. `write` begins with a parsed body; reading an answer or an event holds its own `JSON.parse`. Streams: for each event.',
    ],
  };
}

export const bench = { name: 'translate-google', run };
