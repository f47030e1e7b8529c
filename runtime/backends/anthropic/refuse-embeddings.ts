import { BadRequest } from '../../intent/bad-request.ts';
import type { EmbeddingsTranslator } from '../translate/embeddings-translator.ts';
import { TranslationError } from '../translate/translator.ts';
import { readError } from './read-error.ts';

/** Claude models make no embeddings. https://platform.claude.com/docs/en/build-with-claude/embeddings */
export const refuseEmbeddings: EmbeddingsTranslator = {
  write(_body, target) {
    const words = `\`${target.model}\` is a claude model, which makes no embeddings; help: ask for a model with the capability \`embeddings\``;
    throw new BadRequest(words, 'model', null);
  },
  readAnswer() {
    throw new TranslationError('anthropic has no embeddings');
  },
  readError,
};
