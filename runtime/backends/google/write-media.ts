import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import type { RequestNotes } from '../translate/request-notes.ts';
import type { Part } from './wire.ts';

/** Types by the ends of addresses, so that Gemini need not guess; an address without one is sent as it is. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
};
const AUDIO: Readonly<Record<string, string>> = { wav: 'audio/wav', mp3: 'audio/mp3' };

/** A content part that is no text; null where it was refused. */
export function writeMedia(part: JsonObject, place: string, notes: RequestNotes): Part | null {
  if (part.type === 'image_url') return writeImage(part.image_url, place, notes);
  if (part.type === 'input_audio') return writeAudio(part.input_audio, place, notes);
  if (part.type === 'file') return writeFile(part.file, place, notes);
  notes.refuse('messages', `\`${place}\` is no content that gemini models take; help: text, image_url, input_audio and file are`);
  return null;
}

function writeImage(image: unknown, place: string, notes: RequestNotes): Part | null {
  const url = isJsonObject(image) ? image.url : undefined;
  if (isJsonObject(image) && image.detail !== undefined && image.detail !== null && image.detail !== 'auto')
    notes.warn('image-detail-ignored');
  return writeUrl(url, place, notes);
}

function writeUrl(url: unknown, place: string, notes: RequestNotes): Part | null {
  if (typeof url === 'string') {
    if (url.startsWith('data:')) {
      const inlineData = readDataUrl(url);
      if (inlineData) return { inlineData };
      notes.refuse('messages', `\`${place}\` is a data url without a type or without data; help: \`data:image/png;base64,…\``);
      return null;
    }
    if (/^(https?|gs):\/\//.test(url)) {
      const mimeType = TYPES[/\.(\w{3,4})(?:[?#]|$)/.exec(url)?.[1].toLowerCase() ?? ''];
      return { fileData: { ...(mimeType === undefined ? {} : { mimeType }), fileUri: url } };
    }
  }
  notes.refuse('messages', `\`${place}\` has no address that gemini models take; help: data:, https: and gs: are`);
  return null;
}

function readDataUrl(url: string): Part['inlineData'] | null {
  const comma = url.indexOf(',');
  const head = url.slice(5, comma === -1 ? 5 : comma);
  const mimeType = head.split(';', 1)[0];
  if (mimeType === '' || comma === url.length - 1) return null;
  const data = url.slice(comma + 1);
  if (/;\s*base64$/i.test(head)) return { mimeType, data };
  try {
    return { mimeType, data: Buffer.from(decodeURIComponent(data)).toString('base64') };
  } catch {
    return null;
  }
}

function writeAudio(audio: unknown, place: string, notes: RequestNotes): Part | null {
  const mimeType = isJsonObject(audio) && typeof audio.format === 'string' ? AUDIO[audio.format] : undefined;
  if (isJsonObject(audio) && typeof audio.data === 'string' && mimeType !== undefined)
    return { inlineData: { mimeType, data: audio.data } };
  notes.refuse('messages', `\`${place}\` is no audio in base64 with format \`wav\` or \`mp3\``);
  return null;
}

function writeFile(file: unknown, place: string, notes: RequestNotes): Part | null {
  if (isJsonObject(file) && typeof file.file_data === 'string') {
    if (file.file_data.startsWith('data:')) return writeUrl(file.file_data, place, notes);
    const mimeType = typeof file.filename === 'string' ? TYPES[file.filename.split('.').at(-1)!.toLowerCase()] : undefined;
    if (mimeType !== undefined) return { inlineData: { mimeType, data: file.file_data } };
    notes.refuse('messages', `\`${place}\` does not tell its type; help: send \`file_data\` as \`data:application/pdf;base64,…\``);
    return null;
  }
  if (isJsonObject(file) && typeof file.file_id === 'string' && /^(https:|gs:)/.test(file.file_id))
    return writeUrl(file.file_id, place, notes);
  notes.refuse('messages', `\`${place}\` names a file that google does not have; help: send \`file_data\``);
  return null;
}
