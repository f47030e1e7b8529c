/** Resource name of a model: `models/gemini-2.5-flash`. A name may tell its own collection. */
export function writeModelName(model: string): string {
  return /^(models|tunedModels)\/./.test(model) ? model : `models/${model}`;
}
