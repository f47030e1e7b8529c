import type { Usage } from '../translate/usage.ts';
import { isJsonObject } from '../translate/json-object.ts';

const FIELDS = [
  'promptTokenCount',
  'toolUsePromptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
] as const;

/**
 * `usageMetadata` in the normal form. Cached tokens are part of the prompt, thoughts are not part of the candidates, and what tools put
 * into the prompt is counted apart. In streams the figures are cumulative, and a later event may tell only some of them.
 * Source: https://ai.google.dev/api/generate-content#UsageMetadata
 */
export class UsageReader {
  readonly #counts: Record<(typeof FIELDS)[number], number> = {
    promptTokenCount: 0,
    toolUsePromptTokenCount: 0,
    cachedContentTokenCount: 0,
    candidatesTokenCount: 0,
    thoughtsTokenCount: 0,
  };
  #isKnown = false;

  read(metadata: unknown): void {
    if (!isJsonObject(metadata)) return;
    for (const name of FIELDS) {
      const count = metadata[name];
      if (!Number.isSafeInteger(count) || (count as number) < 0) continue;
      this.#counts[name] = count as number;
      this.#isKnown = true;
    }
  }

  /** Null where nothing was told yet. */
  get usage(): Usage | null {
    if (!this.#isKnown) return null;
    const { promptTokenCount, toolUsePromptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount } = this.#counts;
    const prompt = promptTokenCount + toolUsePromptTokenCount;
    const cacheRead = Math.min(cachedContentTokenCount, prompt);
    return {
      input: prompt - cacheRead,
      cacheRead,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
      output: candidatesTokenCount + thoughtsTokenCount,
      reasoning: thoughtsTokenCount,
    };
  }
}
