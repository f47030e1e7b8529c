import type { Usage } from '../../schema/usage.ts';
import { readChatError } from '../ingress/read-chat-error.ts';
import { countStrings } from '../backends/meter/count-strings.ts';
import { TranslationError } from '../backends/translate/translator.ts';
import type { IngressError, IngressStream } from '../ingress/ingress.ts';
import type { AnswerBody } from './answer-body.ts';
import { lostStream } from './lost-stream.ts';

/** Turns a backend's stream into chat completions; as a `StreamTranslator`, or one that speaks them already. */
export interface ChatSource {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
  readonly isComplete: boolean;
  readonly usage: Usage | null;
  readonly warnings?: readonly string[];
}

/** Members of chat completions whose strings are what is said. */
const SAID = ['"content":', '"reasoning_content":', '"arguments":'];
const NOTHING = Buffer.alloc(0);
const EVENT_END = Buffer.from('\n\n');

/** A stream said anew: from the backend's API in chat completions, and from there in the caller's. Holds no more than one event. */
export class TranslatedStream implements AnswerBody {
  readonly #source: ChatSource;
  /** Null: the caller speaks chat completions. */
  readonly #sink: IngressStream | null;
  readonly #type: string;
  #isEnded = false;
  #failure: TranslationError | null = null;
  readonly keepsLength = false;
  events = 0;
  characters = 0;

  /** @param type content type of what goes out. */
  constructor(source: ChatSource, sink: IngressStream | null, type: string) {
    this.#source = source;
    this.#sink = sink;
    this.#type = type;
  }

  get usage(): Usage | null {
    return this.#source.usage;
  }

  get warnings(): readonly string[] {
    return this.#source.warnings ?? [];
  }

  head(picked: string[]): string[] {
    return [...withoutBody(picked), 'content-type', this.#type];
  }

  take(chunk: Buffer): Buffer {
    // What comes after the last event does not matter.
    if (this.#isEnded) return NOTHING;
    return this.#run(() => {
      const said = this.#source.push(chunk);
      return this.#source.isComplete ? this.#end(said) : this.#say(said);
    });
  }

  finish(): Buffer {
    return this.#isEnded ? NOTHING : this.#run(() => this.#end(NOTHING));
  }

  cut(words: string): Buffer {
    const error = this.#failure?.answer ? readAnswer(this.#failure.answer.body, this.#failure.answer.status) : lostStream(words);
    if (this.#sink !== null) return this.#sink.fail(error);
    const { message, type, param, code } = error;
    return Buffer.from(`data: ${JSON.stringify({ error: { message, type, param, code } })}\n\n`);
  }

  isTerminated(): boolean {
    return this.#isEnded;
  }

  #end(said: Buffer): Buffer {
    const first = this.#say(said);
    const rest = this.#say(this.#source.end());
    const last = this.#sink?.end() ?? NOTHING;
    this.#isEnded = true;
    return Buffer.concat([first, rest, last]);
  }

  #say(chat: Buffer): Buffer {
    if (chat.length === 0) return chat;
    for (let at = chat.indexOf(EVENT_END); at !== -1; at = chat.indexOf(EVENT_END, at + 2)) this.events++;
    const text = chat.toString('latin1');
    for (const name of SAID) this.characters += countStrings(text, name);
    return this.#sink === null ? chat : this.#sink.push(chat);
  }

  #run(step: () => Buffer): Buffer {
    try {
      return step();
    } catch (error) {
      if (error instanceof TranslationError) this.#failure = error;
      throw error;
    }
  }
}

/** Headers without those of a body that is no longer there. */
export function withoutBody(picked: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < picked.length; at += 2) {
    if (!picked[at].startsWith('content-')) kept.push(picked[at], picked[at + 1]);
  }
  return kept;
}

/** An error in OpenAI's envelope. */
export function readAnswer(body: Buffer, status: number): IngressError {
  let error: Record<string, unknown> = {};
  try {
    error = (JSON.parse(body.toString()) as { error?: Record<string, unknown> }).error ?? {};
  } catch {
    // A body that is no JSON has nothing that could be repeated.
  }
  const told = readChatError(error);
  const { message, type, param, code } = (JSON.parse(told.body.toString()) as { error: Omit<IngressError, 'status' | 'requestId'> }).error;
  return { status, message, type, param, code, requestId: null };
}
