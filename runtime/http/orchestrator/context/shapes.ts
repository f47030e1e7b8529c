import Type from 'typebox';

/** Names that are part of addresses and of keys: visible, and short. */
export const NameShape = (description: string) =>
  Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000-\\u0020\\u007f]+$', description });
export const METADATA_NAME = '^[A-Za-z_][A-Za-z0-9_-]{0,63}$';
export const DEFAULT_NAMESPACE = 'default';

/** Most documents that come together, and longest text of one, in UTF-16 code units. */
export const MOST_DOCUMENTS = 256;
export const LONGEST_TEXT = 1 << 20;
