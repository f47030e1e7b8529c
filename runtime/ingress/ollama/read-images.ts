import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { RequestNotes } from '../../backends/translate/request-notes.ts';

/** Types of picture by how their base64 begins: the first bytes of each format. */
const TYPES: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];

/** `images`, a list of base64, as content parts. */
export function readImages(images: unknown, place: string, notes: RequestNotes): JsonObject[] {
  if (images === undefined || images === null) return [];
  if (!Array.isArray(images)) {
    notes.refuse(place, `\`${place}\` is no list`);
    return [];
  }
  return images.flatMap((image, at) => {
    const type = typeof image === 'string' ? TYPES.find(([head]) => image.startsWith(head))?.[1] : undefined;
    if (type !== undefined) return [{ type: 'image_url', image_url: { url: `data:${type};base64,${image}` } }];
    notes.refuse(place, `\`${place}[${at}]\` is no picture that is known here; help: send PNG, JPEG, GIF or WebP in base64`);
    return [];
  });
}
