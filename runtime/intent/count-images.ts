/**
 * Image parts in chat messages: parts of type `image_url` or `input_image`, and parts that carry an `image_url` without
 * saying so, since a lenient upstream would look at it.
 */
export function countImages(messages: readonly unknown[]): number {
  let images = 0;
  for (const message of messages as readonly { readonly content?: unknown }[]) {
    if (!Array.isArray(message.content)) continue;
    for (const part of message.content) if (isImage(part)) images++;
  }
  return images;
}

function isImage(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { type, image_url } = part as { readonly type?: unknown; readonly image_url?: unknown };
  return type === 'image_url' || type === 'input_image' || (image_url !== undefined && image_url !== null);
}
