import { MESSAGE_KEYS, PART_KEYS } from './chat-keys.ts';
import { type Field, KIND } from './fields.ts';
import { isNull, readString } from './read-value.ts';
import { pickFields } from './scan.ts';

/** Image parts in chat messages. */
export function countImages(buffer: Buffer, messages: Field): number {
  let images = 0;
  for (const message of messages.objects) {
    const { content } = pickFields(buffer, message, MESSAGE_KEYS);
    if (content?.kind !== KIND.ARRAY) continue;
    for (const part of content.objects) if (isImage(buffer, part)) images++;
  }
  return images;
}

/**
 * The part that begins at byte `part`: of type `image_url` or `input_image`, or one that carries an `image_url` without saying so, since a lenient upstream
 * would look at it.
 */
export function isImage(buffer: Buffer, part: number): boolean {
  const { type, image_url } = pickFields(buffer, part, PART_KEYS);
  if (image_url !== undefined && !isNull(buffer, image_url)) return true;
  if (type?.kind !== KIND.STRING) return false;
  const name = readString(buffer, type);
  return name === 'image_url' || name === 'input_image';
}
