import { bytesOf, endOf, type Event, messageOf, PING, startOf, textOf, thoughtOf, toolOf } from '../../unit/dialects/anthropic-events.ts';
import { type Meaning, splitWords, TOLD, type Voice } from './voice.ts';

const STOPS = { stop: 'end_turn', length: 'max_tokens', filter: 'refusal' } as const;
const KINDS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};
const USAGE = {
  input_tokens: TOLD.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: TOLD.cached,
  output_tokens: TOLD.output,
};

function stopOf({ calls = [], finish = 'stop' }: Meaning): string {
  return calls.length > 0 ? 'tool_use' : STOPS[finish];
}

/** https://platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming */
export const anthropicVoice: Voice = {
  hasCache: true,
  canFilter: true,
  sayWhole(meaning) {
    const content = [
      ...(meaning.thought === undefined ? [] : [{ type: 'thinking', thinking: meaning.thought, signature: 'c2ln' }]),
      ...(meaning.text === undefined ? [] : [{ type: 'text', text: meaning.text }]),
      ...(meaning.calls ?? []).map(({ name, arguments: json }, at) => ({
        type: 'tool_use',
        id: `toolu_${at}`,
        name,
        input: JSON.parse(json),
      })),
    ];
    return messageOf(content, stopOf(meaning), USAGE);
  },
  sayStream(meaning) {
    const blocks: (readonly Event[])[] = [];
    if (meaning.thought !== undefined) blocks.push(thoughtOf(blocks.length, 'c2ln', ...splitWords(meaning.thought)));
    if (meaning.text !== undefined) blocks.push(textOf(blocks.length, ...splitWords(meaning.text)));
    for (const { name, arguments: json } of meaning.calls ?? []) {
      blocks.push(toolOf(blocks.length, `toolu_${blocks.length}`, name, '', ...(json.match(/.{1,5}/gsu) ?? [])));
    }
    const events = [
      startOf({ ...USAGE, output_tokens: 1 }),
      PING,
      ...blocks.flat(),
      ...endOf(stopOf(meaning), { output_tokens: TOLD.output }),
    ];
    return events.map((event) => bytesOf([event]));
  },
  sayError: (status, words) =>
    Buffer.from(
      JSON.stringify({ type: 'error', error: { type: KINDS[status], message: words }, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' }),
    ),
  sayLateError: (words) => bytesOf([{ type: 'error', error: { type: 'overloaded_error', message: words } }]),
  sayEmbeddings: () => null,
};
