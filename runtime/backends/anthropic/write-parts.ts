import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { Block, CacheControl, MediaBlock, TextBlock } from './wire.ts';

/** Types of picture that the API reads, by the names that callers give them. */
const IMAGES: Readonly<Record<string, string>> = {
  'image/jpeg': 'image/jpeg',
  'image/jpg': 'image/jpeg',
  'image/png': 'image/png',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
};

/**
 * A message's content as blocks: a string, or a list of parts. Texts of nothing but blanks are left out, since the API refuses them.
 * Source: https://platform.openai.com/docs/api-reference/chat/create (content parts), https://platform.claude.com/docs/en/build-with-claude/vision
 */
export function writeParts(content: unknown, place: string, notes: RequestNotes): Block[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return writeText(content);
  if (!Array.isArray(content)) {
    notes.refuse(place, `\`${place}\` is neither a string nor a list of parts`);
    return [];
  }
  return content.flatMap((part, at) => writePart(part, `${place}[${at}]`, notes));
}

function writePart(part: unknown, place: string, notes: RequestNotes): Block[] {
  if (!isJsonObject(part)) {
    notes.refuse(place, `\`${place}\` is no part of a content`);
    return [];
  }
  switch (part.type) {
    case 'text':
      if (typeof part.text === 'string') return writeText(part.text, cacheControlOf(part));
      break;
    case 'refusal':
      if (typeof part.refusal === 'string') return writeText(part.refusal);
      break;
    case 'image_url':
      return writeImage(part, place, notes);
    case 'file':
      return writeFile(part, place, notes);
  }
  const type = typeof part.type === 'string' ? part.type.slice(0, 40) : typeof part.type;
  notes.refuse(place, `claude models can't read \`${place}\` of type \`${type}\`; help: send text, images or PDF files`);
  return [];
}

function writeText(text: string, cache: CacheOf = {}): TextBlock[] {
  return /\S/.test(text) ? [{ type: 'text', text, ...cache }] : [];
}

function writeImage(part: JsonObject, place: string, notes: RequestNotes): Block[] {
  const image = part.image_url;
  const url = isJsonObject(image) ? image.url : image;
  if (typeof url !== 'string') {
    notes.refuse(place, `\`${place}.image_url.url\` is no string`);
    return [];
  }
  if (isJsonObject(image) && (image.detail === 'low' || image.detail === 'high')) notes.warn('image-detail-ignored');
  if (/^https?:\/\//i.test(url)) return [{ type: 'image', source: { type: 'url', url }, ...cacheControlOf(part) }];
  return writeData(url, place, `${place}.image_url.url`, cacheControlOf(part), notes);
}

function writeFile(part: JsonObject, place: string, notes: RequestNotes): Block[] {
  const { file } = part;
  if (!isJsonObject(file) || typeof file.file_data !== 'string') {
    notes.refuse(place, `\`${place}.file\` holds no \`file_data\`; help: send the file itself, ids of uploaded files mean nothing here`);
    return [];
  }
  const blocks = writeData(file.file_data, place, `${place}.file.file_data`, cacheControlOf(part), notes);
  const title = file.filename;
  return blocks.map((block) => (block.type === 'document' && typeof title === 'string' && title !== '' ? { ...block, title } : block));
}

/** A data URL (RFC 2397): a picture, a PDF or a text. The base64 itself is not looked at. */
function writeData(url: string, place: string, param: string, cache: CacheOf, notes: RequestNotes): MediaBlock[] {
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1;
  const [mime, ...attributes] = comma === -1 ? [''] : url.slice(5, Math.min(comma, 200)).toLowerCase().split(';');
  const isBase64 = attributes.at(-1)?.trim() === 'base64';
  const mediaType = IMAGES[mime] ?? (mime === 'application/pdf' || mime === 'text/plain' ? mime : undefined);
  if (comma === -1 || mediaType === undefined) {
    const what = comma === -1 ? 'neither an http(s) URL nor a data URL' : `of type \`${mime}\``;
    notes.refuse(
      place,
      `\`${param}\` is ${what}; help: send a JPEG, PNG, GIF or WebP image, a PDF or a plain text as \`data:<type>;base64,…\``,
    );
    return [];
  }
  const payload = url.slice(comma + 1);
  if (mediaType === 'text/plain') {
    const data = readBytes(payload, isBase64).toString();
    return /\S/.test(data) ? [{ type: 'document', source: { type: 'text', media_type: mediaType, data }, ...cache }] : [];
  }
  const data = isBase64 ? payload : readBytes(payload, false).toString('base64');
  const type = mediaType === 'application/pdf' ? 'document' : 'image';
  return [{ type, source: { type: 'base64', media_type: mediaType, data }, ...cache }];
}

function readBytes(payload: string, isBase64: boolean): Buffer {
  if (isBase64) return Buffer.from(payload, 'base64');
  const bytes = Buffer.from(payload).toString('latin1');
  return Buffer.from(
    bytes.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
}

type CacheOf = { readonly cache_control?: CacheControl };

/** OpenAI's `prompt_cache_breakpoint`, or Anthropic's own mark where a caller sets it. */
function cacheControlOf(part: JsonObject): CacheOf {
  const own = part.cache_control;
  if (isJsonObject(own) && own.type === 'ephemeral') return { cache_control: own.ttl === '1h' ? LONG : SHORT };
  const breakpoint = part.prompt_cache_breakpoint;
  if (!isJsonObject(breakpoint)) return {};
  return { cache_control: breakpoint.ttl === undefined ? SHORT : LONG };
}

const SHORT: CacheControl = { type: 'ephemeral' };
/** Nothing lives longer than an hour; what was asked to live for half an hour or more gets that. */
const LONG: CacheControl = { type: 'ephemeral', ttl: '1h' };
