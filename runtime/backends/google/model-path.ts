import { writeModelName } from './model-name.ts';

/** Path of a model's methods, without the method: `/v1beta/models/gemini-2.5-flash`. */
export function writeModelPath(model: string): string {
  const name = writeModelName(model);
  const slash = name.indexOf('/');
  return `/v1beta/${name.slice(0, slash)}/${encodeURIComponent(name.slice(slash + 1))}`;
}
