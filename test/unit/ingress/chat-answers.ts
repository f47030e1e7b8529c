import { joinThoughts } from '../../../runtime/backends/anthropic/thought-id.ts';

/** Answers as servers that speak chat completions give them, whole and streamed. */
export type Chunk = Readonly<Record<string, unknown>>;

const HEAD = { id: 'chatcmpl-BkA0a1b2', created: 1_780_000_000, model: 'gpt-5.1' };
export const USAGE = {
  prompt_tokens: 120,
  completion_tokens: 34,
  total_tokens: 154,
  prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 16 },
  completion_tokens_details: { reasoning_tokens: 20 },
};

export function completionOf(message: object, finish_reason: string, usage: object | null = USAGE): Buffer {
  const choice = { index: 0, message: { role: 'assistant', content: null, refusal: null, ...message }, logprobs: null, finish_reason };
  return Buffer.from(JSON.stringify({ object: 'chat.completion', ...HEAD, choices: [choice], ...(usage === null ? {} : { usage }) }));
}

export function deltaOf(delta: object, finish_reason: string | null = null): Chunk {
  return { object: 'chat.completion.chunk', ...HEAD, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null };
}

/** A stream of chunks as OpenAI ends one. */
export function streamOf(chunks: readonly Chunk[], end = '\n'): Buffer {
  const usage = { object: 'chat.completion.chunk', ...HEAD, choices: [], usage: USAGE };
  const events = [deltaOf({ role: 'assistant', content: '', refusal: null }), ...chunks, usage].map((chunk) => JSON.stringify(chunk));
  return Buffer.from([...events, '[DONE]'].map((data) => `data: ${data}${end}${end}`).join(''));
}

export function callOf(index: number, id: string, name: string, ...pieces: readonly string[]): readonly Chunk[] {
  return [
    deltaOf({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
    ...pieces.map((text) => deltaOf({ tool_calls: [{ index, function: { arguments: text } }] })),
  ];
}

/** The id of a call that a thought with a signature led to, as the Anthropic dialect gives it out. */
export function thoughtfulId(id: string, thinking: string, at = 0, callAt = at): string {
  return joinThoughts(id, { at: callAt, thoughts: [{ at, block: { type: 'thinking', thinking, signature: 'U0lHTkVE' } }] });
}

const WEATHER = [
  { id: 'call_Paris1', name: 'weather', arguments: '{"city":"Paris","days":2}' },
  { id: 'call_Rome2', name: 'weather', arguments: '{"city":"Roma 🏛️"}' },
];

/** The same answers both ways. */
export const ANSWERS = {
  text: {
    whole: completionOf({ content: 'Grüße, "Welt" 🌍.\nBye.' }, 'stop'),
    stream: [deltaOf({ content: 'Grüße, "W' }), deltaOf({ content: 'elt" 🌍.' }), deltaOf({ content: '\nBye.' }), deltaOf({}, 'stop')],
  },
  cut: {
    whole: completionOf({ content: 'Once upon' }, 'length'),
    stream: [deltaOf({ content: 'Once' }), deltaOf({ content: ' upon' }), deltaOf({}, 'length')],
  },
  thought: {
    whole: completionOf({ content: 'Four.', reasoning_content: 'Two and two.' }, 'stop'),
    stream: [
      deltaOf({ reasoning_content: 'Two ' }),
      deltaOf({ reasoning_content: 'and two.' }),
      deltaOf({ content: 'Four.' }),
      deltaOf({}, 'stop'),
    ],
  },
  calls: {
    whole: completionOf(
      { content: 'Let me look.', tool_calls: WEATHER.map(({ id, ...called }) => ({ id, type: 'function', function: called })) },
      'tool_calls',
    ),
    stream: [
      deltaOf({ content: 'Let me ' }),
      deltaOf({ content: 'look.' }),
      ...callOf(0, 'call_Paris1', 'weather', '{"city":"Pa', 'ris","days":2}'),
      ...callOf(1, 'call_Rome2', 'weather', '{"city":"Roma 🏛️"}'),
      deltaOf({}, 'tool_calls'),
    ],
  },
  thoughtfulCall: {
    whole: completionOf(
      {
        reasoning_content: 'I need it.',
        tool_calls: [{ id: thoughtfulId('toolu_01', 'I need it.'), type: 'function', function: { name: 'weather', arguments: '{}' } }],
      },
      'tool_calls',
    ),
    stream: [
      deltaOf({ reasoning_content: 'I need ' }),
      deltaOf({ reasoning_content: 'it.' }),
      ...callOf(0, thoughtfulId('toolu_01', 'I need it.'), 'weather', '{}'),
      deltaOf({}, 'tool_calls'),
    ],
  },
  refused: {
    whole: completionOf({ refusal: "I can't help with that." }, 'stop'),
    stream: [deltaOf({ refusal: "I can't help " }), deltaOf({ refusal: 'with that.' }), deltaOf({}, 'stop')],
  },
  empty: { whole: completionOf({ content: '' }, 'stop'), stream: [deltaOf({}, 'stop')] },
} as const satisfies Record<string, { readonly whole: Buffer; readonly stream: readonly Chunk[] }>;
export type AnswerName = keyof typeof ANSWERS;
export const ANSWER_NAMES = Object.keys(ANSWERS) as AnswerName[];
