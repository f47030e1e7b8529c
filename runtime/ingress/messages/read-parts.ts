import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';

/** A part of a chat message's content. */
export type Part = JsonObject & { readonly type: string };

/** Blocks of text, images and documents as content parts; cache marks stay on them. What has no counterpart is refused. */
export function readParts(content: readonly unknown[], place: string, notes: RequestNotes): Part[] {
  return content.flatMap((block, at) => readPart(block, `${place}[${at}]`, notes));
}

/** One part of text is a string, unless a mark hangs on it. */
export function toContent(parts: readonly Part[]): string | readonly Part[] {
  const [first] = parts;
  return parts.length === 1 && first.type === 'text' && first.cache_control === undefined ? (first.text as string) : parts;
}

/** One block: a part, or the parts of a document's content. */
export function readPart(block: unknown, place: string, notes: RequestNotes): Part[] {
  const type = isJsonObject(block) ? block.type : undefined;
  if (isJsonObject(block)) {
    if (isJsonObject(block.citations) && block.citations.enabled === true) notes.warn('citations-ignored');
    switch (type) {
      case 'text':
        if (typeof block.text === 'string') return [{ type, text: block.text, ...markOf(block) }];
        break;
      case 'image':
        return readImage(block, place, notes);
      case 'document':
        return readDocument(block, place, notes);
    }
  }
  const word = typeof type === 'string' ? type.slice(0, 40) : typeof type;
  notes.refuse(place, `\`${place}\` of type \`${word}\` can't be said here; help: send text, images or documents`);
  return [];
}

/** Source: https://platform.claude.com/docs/en/build-with-claude/vision */
function readImage(block: JsonObject, place: string, notes: RequestNotes): Part[] {
  const url = readSource(block.source);
  if (url !== null) return [{ type: 'image_url', image_url: { url }, ...markOf(block) }];
  notes.refuse(
    place,
    `\`${place}.source\` is neither \`base64\` with its \`media_type\` nor \`url\`; help: send the image itself or its address`,
  );
  return [];
}

function readSource(source: unknown): string | null {
  if (!isJsonObject(source)) return null;
  if (source.type === 'url' && typeof source.url === 'string') return source.url;
  const isWhole = source.type === 'base64' && typeof source.media_type === 'string' && typeof source.data === 'string';
  return isWhole ? `data:${source.media_type};base64,${source.data}` : null;
}

/** Source: https://platform.claude.com/docs/en/build-with-claude/pdf-support */
function readDocument(block: JsonObject, place: string, notes: RequestNotes): Part[] {
  const { source } = block;
  const title = typeof block.title === 'string' && block.title !== '' ? block.title : null;
  if (typeof block.context === 'string') notes.warn('document-context-ignored');
  if (isJsonObject(source)) {
    if (source.type === 'text' && typeof source.data === 'string')
      return [{ type: 'text', text: title === null ? source.data : `${title}\n\n${source.data}`, ...markOf(block) }];
    if (source.type === 'content') {
      if (typeof source.content === 'string') return [{ type: 'text', text: source.content, ...markOf(block) }];
      if (Array.isArray(source.content)) return readParts(source.content, `${place}.source.content`, notes);
    }
    const data = source.type === 'base64' ? readSource(source) : null;
    if (data !== null) return [{ type: 'file', file: { filename: title ?? 'document.pdf', file_data: data }, ...markOf(block) }];
  }
  notes.refuse(place, `\`${place}.source\` is neither \`base64\`, \`text\` nor \`content\`; help: send the document itself`);
  return [];
}

/** The mark of a prompt cache. */
export function markOf(block: JsonObject): JsonObject {
  return isJsonObject(block.cache_control) ? { cache_control: block.cache_control } : {};
}
