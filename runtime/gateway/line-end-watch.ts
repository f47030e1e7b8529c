import { isJsonObject } from '../backends/translate/json-object.ts';
import { JsonLines } from '../backends/translate/json-lines.ts';
import type { EndWatch } from './end-watch.ts';

/** The last line of `/api/generate` repeats the context as numbers of tokens. */
const LINE_LIMIT = 8 << 20;
const LF = 10;

/**
 * Ollama's lines. Its last one says `done`, as a member of its own: arguments of a call may be called that, too.
 * Source: https://docs.ollama.com/api/streaming
 */
export class LineEndWatch implements EndWatch {
  readonly #lines = new JsonLines((line) => this.#read(line), LINE_LIMIT);
  #isBetween = true;
  isTerminated = false;
  events = 0;

  get gap(): string {
    return this.#isBetween ? '' : '\n';
  }

  take(chunk: Buffer): void {
    this.#isBetween = chunk[chunk.length - 1] === LF;
    this.#lines.push(chunk);
  }

  finish(): void {
    this.#lines.end();
  }

  #read(line: string): void {
    this.events++;
    if (!/"done": ?true|"error"/.test(line)) return;
    try {
      const said: unknown = JSON.parse(line);
      if (isJsonObject(said) && (said.done === true || said.error !== undefined)) this.isTerminated = true;
    } catch {
      // No line of Ollama's; the caller sees it as it is.
    }
  }
}
