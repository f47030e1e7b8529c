import type { Ingress } from '../ingress.ts';
import { spliceNative } from '../splice-native.ts';
import { readGenerate } from './read-generate.ts';
import { writeGenerated } from './write-answer.ts';
import { writeError } from './write-error.ts';
import { OllamaStream } from './write-stream.ts';

/** Ollama's `POST /api/generate`. */
export const ollamaGenerateIngress: Ingress = {
  name: 'ollama-generate',
  endpoint: 'chat',
  streamType: 'application/x-ndjson',
  read: readGenerate,
  writeAnswer: writeGenerated,
  openStream: (request) => new OllamaStream(request, false),
  writeError,
  native: (body, model, cap) => spliceNative(body, model, cap, 'num_predict'),
};
