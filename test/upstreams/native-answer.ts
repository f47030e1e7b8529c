import { anthropicVoice } from './voices/anthropic-voice.ts';
import { googleVoice } from './voices/google-voice.ts';
import { ollamaVoice } from './voices/ollama-voice.ts';
import type { Meaning, Voice } from './voices/voice.ts';

/** An answer in a provider's own API: the pieces of a stream, or one. */
export interface NativeAnswer {
  readonly type: string;
  readonly pieces: readonly Buffer[];
}

interface NativeBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly tools?: readonly unknown[];
  readonly input?: string | readonly string[];
}

const SSE = 'text/event-stream; charset=utf-8';

/** What the APIs of Anthropic, Google and Ollama answer to a call; null for a path that is none of theirs. */
export function answerNatively(path: string, body: NativeBody, text: string): NativeAnswer | null {
  const meaning: Meaning =
    body.tools === undefined
      ? { text }
      : { calls: [{ name: /"name": ?"([^"]+)"/.exec(JSON.stringify(body.tools))?.[1] ?? 'tool', arguments: '{"city":"Köln"}' }] };
  const say = (voice: Voice, streams: boolean, type: string): NativeAnswer =>
    streams ? { type, pieces: voice.sayStream(meaning) } : { type: 'application/json', pieces: [voice.sayWhole(meaning)] };
  if (path === '/api/chat') return say(ollamaVoice, body.stream !== false, 'application/x-ndjson');
  if (path === '/api/embed') {
    const texts = typeof body.input === 'string' ? [body.input] : (body.input ?? []);
    return { type: 'application/json', pieces: [ollamaVoice.sayEmbeddings(texts.map((_, at) => [0.25, at]))!] };
  }
  if (path === '/v1/messages') {
    const { type, pieces } = say(anthropicVoice, body.stream === true, SSE);
    const named = `"model":${JSON.stringify(body.model)}`;
    return { type, pieces: pieces.map((piece) => Buffer.from(piece.toString().replace('"model":"claude-x"', named))) };
  }
  if (/^\/v1beta\/models\/[^:]+:streamGenerateContent\?alt=sse$/.test(path)) return say(googleVoice, true, SSE);
  if (/^\/v1beta\/models\/[^:]+:generateContent$/.test(path)) return say(googleVoice, false, SSE);
  return null;
}
