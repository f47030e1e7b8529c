import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';

/** A message's content, a string or a list, as content parts of chat. */
export function readContent(content: unknown, place: string, notes: RequestNotes): JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (Array.isArray(content)) return content.flatMap((part, at) => readPart(part, `${place}[${at}]`, notes));
  notes.refuse(place, `\`${place}\` is neither a string nor a list of parts`);
  return [];
}

/** One part of text is a string. */
export function toContent(parts: readonly JsonObject[]): unknown {
  return parts.length === 1 && parts[0].type === 'text' ? parts[0].text : parts;
}

function readPart(part: unknown, place: string, notes: RequestNotes): JsonObject[] {
  const type = isJsonObject(part) ? part.type : undefined;
  if (isJsonObject(part)) {
    switch (type) {
      case 'input_text':
      case 'output_text':
      case 'text':
        if (typeof part.text === 'string') return [{ type: 'text', text: part.text }];
        break;
      case 'refusal':
        if (typeof part.refusal === 'string') return [{ type: 'text', text: part.refusal }];
        break;
      case 'input_image':
        return readImage(part, place, notes);
      case 'input_file':
        return readFile(part, place, notes);
    }
  }
  const word = typeof type === 'string' ? type.slice(0, 40) : typeof type;
  notes.refuse(place, `\`${place}\` of type \`${word}\` can't be said here; help: send input_text, input_image or input_file`);
  return [];
}

function readImage(part: JsonObject, place: string, notes: RequestNotes): JsonObject[] {
  const { image_url: url, detail } = part;
  if (typeof url === 'string') {
    // A word that chat completions don't know.
    if (detail === 'original') notes.warn('image-detail-ignored');
    const isKnown = detail === 'auto' || detail === 'low' || detail === 'high';
    return [{ type: 'image_url', image_url: { url, ...(isKnown ? { detail } : {}) } }];
  }
  notes.refuse(
    place,
    `\`${place}\` holds no \`image_url\`; help: send the image itself or its address, ids of uploaded files mean nothing here`,
  );
  return [];
}

function readFile(part: JsonObject, place: string, notes: RequestNotes): JsonObject[] {
  const { file_data: data, filename } = part;
  if (typeof data === 'string') {
    const name = typeof filename === 'string' ? filename : 'document.pdf';
    return [{ type: 'file', file: { filename: name, file_data: data } }];
  }
  notes.refuse(place, `\`${place}\` holds no \`file_data\`; help: send the file itself, addresses and ids of files can't be followed here`);
  return [];
}
