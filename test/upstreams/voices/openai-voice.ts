import { type Meaning, splitWords, TOLD, type Voice } from './voice.ts';

const FINISH = { stop: 'stop', length: 'length', filter: 'content_filter' } as const;
const HEAD = { id: 'chatcmpl-1', created: 1_790_000_000, model: 'gpt-4o-2024-08-06', service_tier: 'default', system_fingerprint: 'fp_1' };
const USAGE = {
  prompt_tokens: TOLD.input + TOLD.cached,
  completion_tokens: TOLD.output,
  total_tokens: TOLD.input + TOLD.cached + TOLD.output,
  prompt_tokens_details: { cached_tokens: TOLD.cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
};

function finishOf({ calls = [], finish = 'stop' }: Meaning): string {
  return calls.length > 0 ? 'tool_calls' : FINISH[finish];
}

function event(choices: readonly object[], usage: object | null = null): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices, usage })}\n\n`);
}

/** https://platform.openai.com/docs/api-reference/chat, with usage asked for. Thoughts in the member that local servers tell them in. */
export const openAiVoice: Voice = {
  hasCache: true,
  canFilter: true,
  sayWhole(meaning) {
    const calls = (meaning.calls ?? []).map((called, at) => ({ id: `call_${at}`, type: 'function', function: called }));
    const message = {
      role: 'assistant',
      content: meaning.text ?? null,
      ...(meaning.thought === undefined ? {} : { reasoning_content: meaning.thought }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      refusal: null,
      annotations: [],
    };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finishOf(meaning) }];
    return Buffer.from(JSON.stringify({ ...HEAD, object: 'chat.completion', choices, usage: USAGE }, null, 2));
  },
  sayStream(meaning) {
    const say = (delta: object, finish: string | null = null): Buffer =>
      event([{ index: 0, delta, logprobs: null, finish_reason: finish }]);
    return [
      say({ role: 'assistant', content: '', refusal: null }),
      ...splitWords(meaning.thought ?? '').map((word) => say({ reasoning_content: word })),
      ...splitWords(meaning.text ?? '').map((word) => say({ content: word })),
      ...(meaning.calls ?? []).flatMap(({ name, arguments: json }, index) => [
        say({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] }),
        ...(json.match(/.{1,5}/gsu) ?? []).map((piece) => say({ tool_calls: [{ index, function: { arguments: piece } }] })),
      ]),
      say({}, finishOf(meaning)),
      event([], USAGE),
      Buffer.from('data: [DONE]\n\n'),
    ];
  },
  sayError: (status, words) =>
    Buffer.from(
      JSON.stringify({ error: { message: words, type: status === 429 ? 'requests' : 'invalid_request_error', param: null, code: null } }),
    ),
  sayLateError: (words) =>
    Buffer.from(`data: ${JSON.stringify({ error: { message: words, type: 'server_error', param: null, code: null } })}\n\n`),
  sayEmbeddings: (vectors) =>
    Buffer.from(
      JSON.stringify({
        object: 'list',
        data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
        model: 'text-embedding-3-small',
        usage: { prompt_tokens: TOLD.input, total_tokens: TOLD.input },
      }),
    ),
};
