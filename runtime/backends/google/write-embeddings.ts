import type { TargetConfig } from '../../../schema/manifest.ts';
import type { DialectCall } from '../translate/translator.ts';
import type { JsonObject } from '../translate/json-object.ts';
import { writeModelName } from './model-name.ts';
import { writeModelPath } from './model-path.ts';
import { RequestNotes } from '../translate/request-notes.ts';

/** Most texts of one call of `batchEmbedContents`. */
const MOST_TEXTS = 100;
const KNOWN = new Set(['model', 'input', 'dimensions', 'encoding_format']);

/**
 * `POST /v1/embeddings` as a call of `models.batchEmbedContents`.
 * Source: https://ai.google.dev/api/embeddings
 *
 * @throws BadRequest which tells everything at once that can't be said.
 */
export function writeEmbeddings(body: JsonObject, target: TargetConfig): DialectCall {
  const notes = new RequestNotes();
  const { dimensions } = body;
  if (dimensions !== undefined && dimensions !== null && !Number.isSafeInteger(dimensions)) {
    notes.refuse('dimensions', '`dimensions` must be a whole number');
  }
  for (const name of Object.keys(body)) if (!KNOWN.has(name)) notes.warn(`${name === 'user' ? name : 'parameter'}-ignored`);
  const texts = readTexts(body.input, notes);
  const requests = texts.map((text) => ({
    model: writeModelName(target.upstream),
    content: { parts: [{ text }] },
    ...(typeof dimensions === 'number' ? { outputDimensionality: dimensions } : {}),
  }));
  const warnings = notes.close();
  return {
    path: `${writeModelPath(target.upstream)}:batchEmbedContents`,
    headers: [],
    body: Buffer.from(JSON.stringify({ requests })),
    warnings,
  };
}

function readTexts(input: unknown, notes: RequestNotes): readonly string[] {
  const texts = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string')) {
    notes.refuse('input', '`input` must be a string or a list of strings; help: gemini models take no token numbers');
  } else if (texts.length > MOST_TEXTS) {
    notes.refuse('input', `\`input\` has ${texts.length} texts; help: gemini models take at most ${MOST_TEXTS} in one call`);
  }
  return texts as readonly string[];
}
