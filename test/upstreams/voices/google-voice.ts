import { frame } from '../../unit/dialects/google-wire.ts';
import { type Meaning, splitWords, TOLD, type Voice } from './voice.ts';

const FINISH = { stop: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' } as const;
const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  529: 'UNAVAILABLE',
};
const USAGE = {
  promptTokenCount: TOLD.input + TOLD.cached,
  cachedContentTokenCount: TOLD.cached,
  candidatesTokenCount: TOLD.output,
  totalTokenCount: TOLD.input + TOLD.cached + TOLD.output,
};

function partsOf(meaning: Meaning, split: (text: string) => readonly string[]): readonly object[] {
  return [
    ...split(meaning.thought ?? '').map((text) => ({ text, thought: true })),
    ...split(meaning.text ?? '').map((text) => ({ text })),
    ...(meaning.calls ?? []).map(({ name, arguments: json }, at) => ({
      functionCall: { name, args: JSON.parse(json) },
      ...(at === 0 ? { thoughtSignature: 'c2lnbmF0dXJl' } : {}),
    })),
  ];
}

function answer(parts: readonly object[], finishReason?: string, usageMetadata: object = USAGE): object {
  return {
    candidates: [{ content: { parts, role: 'model' }, ...(finishReason === undefined ? {} : { finishReason }), index: 0 }],
    usageMetadata,
    modelVersion: 'gemini-2.5-flash',
    responseId: 'mT0YaKDqB5HX1MkP',
  };
}

/** https://ai.google.dev/api/generate-content, …#method:-models.streamgeneratecontent, …/api/embeddings */
export const googleVoice: Voice = {
  hasCache: true,
  canFilter: true,
  sayWhole: (meaning) =>
    Buffer.from(
      JSON.stringify(
        answer(
          partsOf(meaning, (text) => (text === '' ? [] : [text])),
          FINISH[meaning.finish ?? 'stop'],
        ),
        null,
        2,
      ),
    ),
  sayStream(meaning) {
    const pieces = partsOf(meaning, splitWords).map((part) =>
      frame([answer([part], undefined, { promptTokenCount: 42, totalTokenCount: 42 })]),
    );
    return [...pieces, frame([answer([{ text: '' }], FINISH[meaning.finish ?? 'stop'])])];
  },
  sayError: (status, words) =>
    Buffer.from(JSON.stringify({ error: { code: status === 529 ? 503 : status, message: words, status: STATUSES[status] } }, null, 2)),
  sayLateError: (words) => frame([{ error: { code: 503, message: words, status: 'UNAVAILABLE' } }]),
  sayEmbeddings: (vectors) =>
    Buffer.from(JSON.stringify({ embeddings: vectors.map((values) => ({ values })), usageMetadata: { promptTokenCount: TOLD.input } })),
};
