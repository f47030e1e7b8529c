import { answerOf, callOf, endOf, linesOf, pieceOf } from '../../unit/dialects/ollama-wire.ts';
import { type Meaning, splitWords, TOLD, type Voice } from './voice.ts';

/** Ollama knows no cache: all of the prompt is what was evaluated. */
const USAGE = { total_duration: 4_883_583_458, prompt_eval_count: TOLD.input, eval_count: TOLD.output, eval_duration: 4_535_599_000 };

function reasonOf({ finish = 'stop' }: Meaning): string {
  return finish === 'length' ? 'length' : 'stop';
}

function callsOf(meaning: Meaning): readonly object[] {
  return (meaning.calls ?? []).map(({ name, arguments: json }) => callOf(name, JSON.parse(json)));
}

/** https://docs.ollama.com/api/chat, …/api/streaming, …/api/embed */
export const ollamaVoice: Voice = {
  hasCache: false,
  canFilter: false,
  sayWhole: (meaning) =>
    answerOf(
      {
        content: meaning.text ?? '',
        ...(meaning.thought === undefined ? {} : { thinking: meaning.thought }),
        ...(meaning.calls === undefined ? {} : { tool_calls: callsOf(meaning) }),
      },
      reasonOf(meaning),
      USAGE,
    ),
  sayStream: (meaning) =>
    [
      ...splitWords(meaning.thought ?? '').map((thinking) => pieceOf({ thinking })),
      ...splitWords(meaning.text ?? '').map((content) => pieceOf({ content })),
      ...callsOf(meaning).map((call) => pieceOf({ tool_calls: [call] })),
      endOf(reasonOf(meaning), USAGE),
    ].map((piece) => linesOf([piece])),
  sayError: (_status, words) => Buffer.from(JSON.stringify({ error: words })),
  sayLateError: (words) => linesOf([{ error: words }]),
  sayEmbeddings: (vectors) =>
    Buffer.from(
      JSON.stringify({
        model: 'm',
        embeddings: vectors,
        total_duration: 14_143_917,
        load_duration: 1_019_500,
        prompt_eval_count: TOLD.input,
      }),
    ),
};
