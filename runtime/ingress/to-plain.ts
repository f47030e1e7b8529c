import type { JsonObject } from '../backends/translate/json-object.ts';

/** What dialects hang on ids of tool calls: see `thought-id.ts` of each. */
const MARKS = ['__claude__', '__thought__'] as const;

/** An id as the servers that speak chat completions know it. */
function cutCarried(id: string): string {
  for (const mark of MARKS) {
    const at = id.indexOf(mark);
    if (at !== -1) return id.slice(0, at);
  }
  return id;
}

/**
 * A chat message without what only dialects that translate understand: calls' ids carry no thoughts (OpenAI takes 40 characters), content
 * parts no cache marks, and texts of system and tools are strings, since many servers take nothing else there. The same object where it
 * holds none of it.
 */
export function toPlain(message: JsonObject): JsonObject {
  const { content, tool_calls: calls, tool_call_id: answers } = message;
  const plain: Record<string, unknown> = {};
  if (Array.isArray(content) && (message.role !== 'user' || content.some(isMarked))) plain.content = toPlainContent(content, message.role);
  if (Array.isArray(calls) && calls.some((call) => cutCarried(call.id) !== call.id))
    plain.tool_calls = calls.map((call) => ({ ...call, id: cutCarried(call.id) }));
  if (typeof answers === 'string' && cutCarried(answers) !== answers) plain.tool_call_id = cutCarried(answers);
  for (const _ in plain) return { ...message, ...plain };
  return message;
}

function isMarked(part: JsonObject): boolean {
  return part.cache_control !== undefined;
}

function toPlainContent(parts: readonly JsonObject[], role: unknown): unknown {
  if (role !== 'user' && parts.every((part) => part.type === 'text'))
    return parts.map((part) => part.text).join(role === 'system' ? '\n\n' : '\n');
  return parts.map((part) => {
    const { cache_control: _, ...rest } = part;
    return rest;
  });
}
