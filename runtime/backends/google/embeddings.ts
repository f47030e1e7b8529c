import type { EmbeddingsTranslator } from '../translate/embeddings-translator.ts';
import { readEmbeddings } from './read-embeddings.ts';
import { readError } from './read-error.ts';
import { writeEmbeddings } from './write-embeddings.ts';

/** OpenAI embeddings over `models.batchEmbedContents`. https://ai.google.dev/api/embeddings */
export const googleEmbeddings: EmbeddingsTranslator = { write: writeEmbeddings, readAnswer: readEmbeddings, readError };
