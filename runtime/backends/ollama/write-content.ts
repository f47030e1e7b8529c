import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';

/** Pictures that Ollama's own compatible endpoint takes; it reads their bytes and looks at no type. */
const IMAGE = /^data:(?:image\/(?:jpeg|jpg|png|webp|gif|bmp))?;base64,/i;

export interface Content {
  readonly text: string;
  /** Base64, without a type. */
  readonly images: readonly string[];
}

/** A message's content: its texts, in lines of their own, and its pictures apart from them. Null content is empty. */
export function writeContent(content: unknown, place: string, takesImages: boolean, notes: RequestNotes): Content {
  if (content === null || content === undefined) return { text: '', images: [] };
  if (typeof content === 'string') return { text: content, images: [] };
  if (!Array.isArray(content)) {
    notes.refuse('messages', `\`${place}\` must be a string or a list of parts`);
    return { text: '', images: [] };
  }
  const texts: string[] = [];
  const images: string[] = [];
  for (const [at, part] of content.entries()) {
    const found = isJsonObject(part) ? part : {};
    if (found.type === 'text' && typeof found.text === 'string') texts.push(found.text);
    else if (found.type === 'refusal' && typeof found.refusal === 'string') texts.push(found.refusal);
    else if (found.type === 'image_url' && takesImages) images.push(readImage(found, `${place}[${at}]`, notes));
    else {
      const type = typeof found.type === 'string' ? found.type.slice(0, 40) : typeof found.type;
      notes.refuse('messages', `ollama's models can't read \`${place}[${at}]\` of type \`${type}\` here; help: send text`);
    }
  }
  return { text: texts.join('\n'), images };
}

function readImage(part: JsonObject, place: string, notes: RequestNotes): string {
  const url = isJsonObject(part.image_url) ? part.image_url.url : part.image_url;
  if (isJsonObject(part.image_url) && (part.image_url.detail === 'low' || part.image_url.detail === 'high'))
    notes.warn('image-detail-ignored');
  const head = typeof url === 'string' ? IMAGE.exec(url) : null;
  if (head !== null) return (url as string).slice(head[0].length);
  const what =
    typeof url === 'string' && /^https?:/i.test(url) ? 'an address, and ollama fetches nothing' : 'no picture as a data url in base64';
  notes.refuse('messages', `\`${place}.image_url.url\` is ${what}; help: send the picture itself as \`data:image/png;base64,…\``);
  return '';
}
