import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { Capability } from '../../../schema/vocabulary.ts';

/** What is told about a model that a caller may name. */
export interface ListedModel {
  readonly name: string;
  /** SHA-256 of what the model stands for, 64 hex digits: it changes with the policy. */
  readonly digest: string;
  /** Tokens. */
  readonly context: number;
  readonly capabilities: readonly Capability[];
  /** When what the model stands for was last changed. */
  readonly modifiedAt: Date;
}

/** What Ollama calls capabilities. Source: https://docs.ollama.com/api/show */
const CAPABILITIES: Readonly<Record<Capability, string | null>> = {
  chat: 'completion',
  embeddings: 'embedding',
  tools: 'tools',
  json: null,
  vision: 'vision',
  reasoning: 'thinking',
};

/** `GET /api/tags`. Sizes and formats are the backends' own. Source: https://docs.ollama.com/api/tags */
export function writeTags(models: readonly ListedModel[]): Buffer {
  return write({ models: models.map(listModel) });
}

/** `GET /api/ps`: what is in memory somewhere. Nobody knows for how long. Source: https://docs.ollama.com/api/ps */
export function writePs(models: readonly ListedModel[]): Buffer {
  const list = models.map((model) => ({
    ...listModel(model),
    expires_at: '0001-01-01T00:00:00Z',
    size_vram: 0,
    context_length: model.context,
  }));
  return write({ models: list });
}

/** `POST /api/show`. Source: https://docs.ollama.com/api/show */
export function writeShow(model: ListedModel): Buffer {
  return write({
    modelfile: '',
    parameters: '',
    template: '',
    details: DETAILS,
    model_info: { 'general.architecture': 'policyd', 'policyd.context_length': model.context },
    capabilities: model.capabilities.map((name) => CAPABILITIES[name]).filter((name) => name !== null),
    modified_at: model.modifiedAt.toISOString(),
  });
}

/** `GET /api/version`: of the server that answers. */
export function writeVersion(version: string): Buffer {
  return write({ version });
}

const DETAILS = { parent_model: '', format: '', family: '', families: [], parameter_size: '', quantization_level: '' } as const;

function listModel({ name, digest, modifiedAt }: ListedModel): JsonObject {
  return { name, model: name, modified_at: modifiedAt.toISOString(), size: 0, digest, details: DETAILS };
}

function write(value: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(value));
}
