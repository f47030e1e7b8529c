/** Major version and kind of a Gemini model; a name that tells no version (`gemini-flash-latest`) means the newest. */
export interface GeminiVersion {
  /** As a number: 2.5, 3.1; Infinity = the newest; 0 = no Gemini model (Gemma, …). */
  readonly version: number;
  readonly isPro: boolean;
}

export function readGeminiVersion(model: string): GeminiVersion {
  const name = model.slice(model.lastIndexOf('/') + 1);
  const version = /^gemini-(?:[a-z]+-)*(\d+(?:\.\d+)?)(?:-|$)/.exec(name)?.[1];
  return {
    version: version !== undefined ? Number(version) : name.startsWith('gemini-') ? Number.POSITIVE_INFINITY : 0,
    isPro: /-pro(?:-|$)/.test(name),
  };
}
