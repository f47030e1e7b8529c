import { KeyTable } from './key-table.ts';

/** What is read of a chat message. */
export const MESSAGE_KEYS = new KeyTable(['role', 'content', 'name']);

/** What is read of a part of a message's content. */
export const PART_KEYS = new KeyTable(['type', 'text', 'image_url']);
