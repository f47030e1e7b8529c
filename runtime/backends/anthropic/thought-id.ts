import type { ThoughtBlock } from './wire.ts';

const MARK = '__claude__';

/** Thoughts before a tool call, each with the length of the answer's text before it, and that length at the call itself. */
export interface CarriedThoughts {
  readonly at: number;
  readonly thoughts: readonly { readonly at: number; readonly block: ThoughtBlock }[];
}

/**
 * A tool call's id that carries the thoughts which led to it. Plain OpenAI clients keep ids and drop what they don't know; but a Claude
 * that thinks wants its thoughts back, unchanged and in their place, with the results of its calls. Only characters that any server takes
 * in an id.
 */
export function joinThoughts(id: string, carried: CarriedThoughts | null): string {
  if (carried === null) return id;
  const list = carried.thoughts.map(({ at, block }) =>
    block.type === 'thinking' ? [at, block.thinking, block.signature] : [at, block.data],
  );
  return `${id}${MARK}${Buffer.from(JSON.stringify([carried.at, ...list])).toString('base64url')}`;
}

/** The id as Anthropic knows it, and what it carries; null = nothing, or nothing that can be read. */
export function splitThoughts(id: string): { readonly id: string; readonly carried: CarriedThoughts | null } {
  const mark = id.indexOf(MARK);
  if (mark === -1) return { id, carried: null };
  return { id: id.slice(0, mark), carried: readCarried(id.slice(mark + MARK.length)) };
}

function readCarried(text: string): CarriedThoughts | null {
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return null;
  }
  if (!Array.isArray(list) || !isLength(list[0])) return null;
  const thoughts = list.slice(1).map(readThought);
  return thoughts.every((thought) => thought !== null) ? { at: list[0], thoughts } : null;
}

function readThought(entry: unknown): CarriedThoughts['thoughts'][number] | null {
  if (!Array.isArray(entry) || !isLength(entry[0]) || typeof entry[1] !== 'string') return null;
  if (entry.length === 2) return { at: entry[0], block: { type: 'redacted_thinking', data: entry[1] } };
  if (typeof entry[2] !== 'string') return null;
  return { at: entry[0], block: { type: 'thinking', thinking: entry[1], signature: entry[2] } };
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
