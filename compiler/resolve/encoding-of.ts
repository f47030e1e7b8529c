import type { Encoding } from '../../schema/vocabulary.ts';

/** Families whose tokenizer is cl100k_base (OpenAI's tiktoken, `model.py`); every newer one has o200k_base. */
const CL100K = /^(ft:)?(gpt-4(?!o|\.1|\.5)|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada-002|davinci-002|babbage-002)/;

/** The tokenizer that counts are made with. A prefix up to the last `/` (an owner, a provider) is not part of the family's name. */
export function encodingOf(model: string): Encoding {
  return CL100K.test(model.slice(model.lastIndexOf('/') + 1)) ? 'cl100k_base' : 'o200k_base';
}
