import type { OutsideResults } from '../search/answer.ts';
import { createHash } from 'node:crypto';

/** Longest text of a result that is taken. */
const LONGEST = 8_192;

interface ToolAnswer {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: unknown;
}

/** What a tool found, as results of a search: its texts, or what the member `listed` of its answer lists. */
export function readResults(
  { content = [], structuredContent }: ToolAnswer,
  listed: string | null,
  most: number,
): OutsideResults['results'] {
  const texts = content.flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []));
  const found =
    listed === null
      ? texts
      : (listOf(structuredContent, listed) ?? texts.map((text) => listOf(parse(text), listed)).find((list) => list !== null) ?? []);
  return found
    .map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    .filter((text) => text.trim() !== '')
    .slice(0, most)
    .map((text) => ({ id: createHash('sha256').update(text).digest('hex').slice(0, 16), text: text.slice(0, LONGEST).toWellFormed() }));
}

function listOf(answer: unknown, name: string): readonly unknown[] | null {
  const list = (answer as Record<string, unknown> | null | undefined)?.[name];
  return Array.isArray(list) ? list : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
