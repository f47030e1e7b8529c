const MARK = /__(?:thought|claude)__/;

/**
 * A tool call's id without the thoughts that it carries for the dialect which made it (`google/thought-id.ts`,
 * `anthropic/thought-id.ts`): no other one could read them, and some take only short ids.
 */
export function stripThoughts(id: string): string {
  const mark = MARK.exec(id);
  return mark === null ? id : id.slice(0, mark.index);
}
