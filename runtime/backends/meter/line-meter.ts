import type { Usage } from '../../../schema/usage.ts';
import { readUsage } from '../ollama/read-usage.ts';
import { JsonLines } from '../translate/json-lines.ts';
import { ByteTail } from './byte-tail.ts';
import { countStrings } from './count-strings.ts';
import type { Meter } from './meter.ts';

/** The figures stand at the end of the last line, behind everything that can be long. */
const TAIL = 2_048;
const NAMES = ['"content":', '"response":', '"thinking":'];

/** Ollama's own API: an object in one line, or in a stream one line each. */
export class LineMeter implements Meter {
  readonly #lines = new JsonLines((line) => this.#take(line));
  readonly #tail = new ByteTail(TAIL);
  #isLost = false;
  usage: Usage | null = null;
  characters = 0;

  #take(line: string): void {
    for (const name of NAMES) this.characters += countStrings(line, name);
    // Arguments are objects here; lines with calls are few, and their frame is little beside them.
    if (line.includes('"tool_calls":[{')) this.characters += line.length;
  }

  see(chunk: Buffer): void {
    this.#tail.add(chunk);
    if (this.#isLost) return;
    try {
      this.#lines.push(chunk);
    } catch {
      // Vectors, or nothing that is a line of a chat: only the end counts.
      this.#isLost = true;
    }
  }

  end(): void {
    if (!this.#isLost) this.#lines.end();
    const text = this.#tail.toString();
    this.usage = readUsage({
      prompt_eval_count: findLast(text, '"prompt_eval_count":'),
      eval_count: findLast(text, '"eval_count":'),
    });
  }
}

/** The number behind the last member of a name. */
function findLast(text: string, name: string): number | undefined {
  const at = text.lastIndexOf(name);
  const found = at === -1 ? null : /^ ?(\d+)/.exec(text.slice(at + name.length, at + name.length + 24));
  return found === null ? undefined : Number(found[1]);
}
