import type { EmbeddingsTranslator } from '../translate/embeddings-translator.ts';
import { readEmbeddings } from './read-embeddings.ts';
import { readError } from './read-error.ts';
import { writeEmbeddings } from './write-embeddings.ts';

/** OpenAI embeddings over Ollama's own API. https://docs.ollama.com/api/embed */
export const ollamaEmbeddings: EmbeddingsTranslator = { write: writeEmbeddings, readAnswer: readEmbeddings, readError };
