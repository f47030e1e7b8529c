import type { Usage } from '../../../schema/usage.ts';
import { isJsonObject } from '../translate/json-object.ts';
import { writeMediaShares } from '../translate/write-media-shares.ts';

const FIELDS = [
  'promptTokenCount',
  'toolUsePromptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
] as const;

const DETAILS = ['promptTokensDetails', 'cacheTokensDetails', 'candidatesTokensDetails'] as const;
/** Kinds of content that are priced apart; text is the rest. */
const MODALITIES = ['AUDIO', 'IMAGE', 'VIDEO'] as const;
type Details = Readonly<Record<(typeof MODALITIES)[number], number>>;
const NONE: Details = { AUDIO: 0, IMAGE: 0, VIDEO: 0 };

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
  readonly #details: Record<(typeof DETAILS)[number], Details> = {
    promptTokensDetails: NONE,
    cacheTokensDetails: NONE,
    candidatesTokensDetails: NONE,
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
    for (const name of DETAILS) {
      const list = metadata[name];
      if (Array.isArray(list)) this.#details[name] = readDetails(list);
    }
  }

  /** Null where nothing was told yet. */
  get usage(): Usage | null {
    if (!this.#isKnown) return null;
    const { promptTokenCount, toolUsePromptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount } = this.#counts;
    const prompt = promptTokenCount + toolUsePromptTokenCount;
    const cacheRead = Math.min(cachedContentTokenCount, prompt);
    const input = prompt - cacheRead;
    const output = candidatesTokenCount + thoughtsTokenCount;
    const { promptTokensDetails: asked, cacheTokensDetails: cached, candidatesTokensDetails: said } = this.#details;
    const shares = writeMediaShares(
      { input, cacheRead, output },
      {
        inputAudio: asked.AUDIO - cached.AUDIO,
        cachedAudio: cached.AUDIO,
        outputAudio: said.AUDIO,
        inputImage: asked.IMAGE - cached.IMAGE,
        cachedImage: cached.IMAGE,
        outputImage: said.IMAGE,
        inputVideo: asked.VIDEO - cached.VIDEO,
        outputVideo: said.VIDEO,
      },
    );
    return { input, cacheRead, cacheWrite5m: 0, cacheWrite1h: 0, output, reasoning: thoughtsTokenCount, ...shares };
  }
}

/** https://ai.google.dev/api/generate-content#ModalityTokenCount */
function readDetails(list: readonly unknown[]): Details {
  const details: Record<keyof Details, number> = { ...NONE };
  for (const entry of list) {
    if (!isJsonObject(entry) || !Number.isSafeInteger(entry.tokenCount)) continue;
    for (const modality of MODALITIES) if (entry.modality === modality) details[modality] += entry.tokenCount as number;
  }
  return details;
}
