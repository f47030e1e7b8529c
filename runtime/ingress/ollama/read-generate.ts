import { RequestNotes } from '../../backends/translate/request-notes.ts';
import { KeyTable } from '../../intent/key-table.ts';
import { finishRequest } from '../finish-request.ts';
import type { IngressRequest } from '../ingress.ts';
import { ParameterReader } from '../parameter-reader.ts';
import { judgeParameters } from '../parameters.ts';
import { readBody } from '../read-body.ts';
import { GENERATE_PARAMETERS } from './parameters.ts';
import { readCommon } from './read-common.ts';
import { readImages } from './read-images.ts';
import { sayStream } from './say-stream.ts';

const KEYS = new KeyTable(Object.keys(GENERATE_PARAMETERS));

/** A request of Ollama's `/api/generate` as chat completions. Source: https://docs.ollama.com/api/generate @throws BadRequest */
export function readGenerate(buffer: Buffer): IngressRequest {
  const body = readBody(buffer, KEYS);
  const notes = new RequestNotes();
  judgeParameters(body, GENERATE_PARAMETERS, notes);
  const reader = new ParameterReader(body, notes);
  const model = reader.model();
  const { stream, said } = sayStream(reader);
  const prompt = reader.string('prompt') ?? '';
  const system = reader.string('system') ?? '';
  const images = readImages(body.images, 'images', notes);
  if (prompt === '' && images.length === 0)
    notes.refuse('prompt', '`prompt` is empty; help: models are loaded by their backends, not from here');
  const content = images.length === 0 ? prompt : [...(prompt === '' ? [] : [{ type: 'text', text: prompt }]), ...images];
  const messages = [...(system === '' ? [] : [{ role: 'system', content: system }]), { role: 'user', content }];
  const chat = { model, messages, ...said, ...readCommon(body, notes) };
  return finishRequest({ chat, model, stream, mayGoNative: true, notes, echo: {} });
}
