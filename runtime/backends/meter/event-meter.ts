import type { Usage } from '../../../schema/usage.ts';
import type { JsonObject } from '../translate/json-object.ts';
import { SseEvents } from '../translate/sse-events.ts';
import { countStrings } from './count-strings.ts';
import { findUsage } from './find-usage.ts';
import type { Meter } from './meter.ts';

/** The last event of the Responses API repeats the whole answer. */
const EVENT_LIMIT = 8 * 1024 * 1024;

/** A stream of server-sent events, whose last figures count; earlier ones may be all there is where it is cut short. */
export class EventMeter implements Meter {
  readonly #texts: readonly (readonly string[])[];
  readonly #read: (usage: JsonObject, before: Usage | null) => Usage | null;
  readonly #events = new SseEvents((data) => this.#take(data), EVENT_LIMIT);
  #isLost = false;
  usage: Usage | null = null;
  characters = 0;

  /** @param texts members whose strings are what is said, as of `countStrings`; of those in one list the longer counts: they say the same. */
  constructor(texts: readonly (readonly string[])[], read: (usage: JsonObject, before: Usage | null) => Usage | null) {
    this.#texts = texts;
    this.#read = read;
  }

  see(chunk: Buffer): void {
    if (this.#isLost) return;
    try {
      this.#events.push(chunk);
    } catch {
      // Larger than anything that is an event: from here on nothing is known.
      this.#isLost = true;
    }
  }

  end(): void {
    if (!this.#isLost) this.#events.end();
  }

  #take(data: string): void {
    // What is said stands in a `delta`; to look there alone takes half the time.
    const from = data.indexOf('"delta":');
    if (from !== -1) for (const names of this.#texts) this.characters += countLongest(data, names, from);
    const found = findUsage(data);
    if (found !== null) this.usage = this.#read(found, this.usage) ?? this.usage;
  }
}

function countLongest(data: string, names: readonly string[], from: number): number {
  let longest = 0;
  for (const name of names) longest = Math.max(longest, countStrings(data, name, from));
  return longest;
}
