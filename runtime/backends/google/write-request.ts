import type { TargetConfig } from '../../../schema/manifest.ts';
import { BadRequest } from '../../intent/bad-request.ts';
import type { ChatBody, DialectCall } from '../translate/translator.ts';
import { readGeminiVersion } from './gemini-version.ts';
import { isJsonObject } from '../translate/json-object.ts';
import { writeModelPath } from './model-path.ts';
import { PARAMETERS } from './parameters.ts';
import { judgeParameters } from '../translate/judge-parameters.ts';
import { RequestNotes } from '../translate/request-notes.ts';
import type { GenerateRequest } from './wire.ts';
import { writeConfig } from './write-config.ts';
import { writeContents } from './write-contents.ts';
import { writeTools } from './write-tools.ts';

/**
 * A chat completion as a call of `models.generateContent` or, streamed, of `models.streamGenerateContent`.
 * Source: https://ai.google.dev/api/generate-content
 *
 * @throws BadRequest which tells everything at once that can't be said.
 */
export function writeRequest(body: ChatBody, target: TargetConfig, cap: number | null): DialectCall {
  const notes = new RequestNotes();
  judgeParameters(body, PARAMETERS, 'gemini', notes);
  const method = body.stream === true ? 'streamGenerateContent?alt=sse' : 'generateContent';
  try {
    const generationConfig = writeConfig(body, target.upstream, cap, notes);
    const request: GenerateRequest = {
      ...writeContents(body.messages, readGeminiVersion(target.upstream).version >= 3, notes),
      ...writeTools(body, notes),
      ...(generationConfig === undefined ? {} : { generationConfig }),
      ...readExtra(body, notes),
    };
    const warnings = notes.close();
    return { path: `${writeModelPath(target.upstream)}:${method}`, headers: [], body: Buffer.from(JSON.stringify(request)), warnings };
  } catch (error) {
    // The stack ended: JSON may nest deeper than it can be walked.
    if (error instanceof RangeError) throw new BadRequest('the body nests too deeply', null, null);
    throw error;
  }
}

/** `extra_body.google`, which is how OpenAI clients speak to Google's own compatible endpoint. */
function readExtra({ extra_body: extra }: ChatBody, notes: RequestNotes): { cachedContent?: string } {
  if (!isJsonObject(extra)) return {};
  const google = isJsonObject(extra.google) ? extra.google : {};
  const isKnown = (name: string): boolean => name === 'thinking_config' || name === 'cached_content';
  if (Object.keys(extra).some((name) => name !== 'google') || !Object.keys(google).every(isKnown)) notes.warn('extra-body-ignored');
  return typeof google.cached_content === 'string' ? { cachedContent: google.cached_content } : {};
}
