import { TEXT_WINDOW } from '../../schema/request.ts';

/** The end of the user's text in chat messages, as `RequestBody.text` defines it. */
export function readUserText(messages: readonly unknown[]): string {
  const pieces: string[] = [];
  let size = 0;
  for (let i = messages.length - 1; i >= 0 && size < TEXT_WINDOW; i--) {
    const message = messages[i] as { readonly role?: unknown; readonly content?: unknown } | null;
    if (message?.role !== 'user') continue;
    const content = message.content;
    const parts = typeof content === 'string' ? [content] : Array.isArray(content) ? content.map(textOf) : [];
    for (let j = parts.length - 1; j >= 0 && size < TEXT_WINDOW; j--) {
      const part = parts[j];
      if (part === null) continue;
      pieces.push(part);
      size += part.length + 1;
    }
  }
  return pieces.reverse().join('\n').slice(-TEXT_WINDOW);
}

/** The end of the text of embedding inputs; token arrays have none. */
export function readInputText(input: unknown): string {
  if (typeof input === 'string') return input.slice(-TEXT_WINDOW);
  return (input as readonly unknown[])
    .filter((item) => typeof item === 'string')
    .join('\n')
    .slice(-TEXT_WINDOW);
}

function textOf(part: { readonly type?: unknown; readonly text?: unknown } | null): string | null {
  return part?.type === 'text' && typeof part.text === 'string' ? part.text : null;
}
