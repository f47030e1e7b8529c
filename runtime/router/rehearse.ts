import type { Manifest } from '../../schema/manifest.ts';
import type { RequestHints } from '../../schema/request.ts';
import { readHints } from '../gateway/read-hints.ts';
import { BadRequest } from '../intent/bad-request.ts';
import type { CountMemory } from '../intent/count-memory.ts';
import { readRequestBody } from '../intent/request-body.ts';
import type { Request, RequestTokens } from '../intent/request.ts';
import { countTokens } from '../intent/token-count.ts';

/** A request as it will come in: what `analyze` is called with. */
export interface Rehearsal {
  readonly request: Request;
  readonly hints: RequestHints;
  readonly caller: number;
  readonly tokens: RequestTokens;
}

/**
 * Requests to warm a router with, made from its self-test by the code that makes real ones. Engines optimize for the layout of the
 * objects that they have seen: after a warm-up with any other objects the first real request takes twenty times as long.
 */
export function rehearse(manifest: Manifest, memory: CountMemory): Rehearsal[] {
  return manifest.selfTest.flatMap(({ body, hints, caller }) => {
    const { endpoint, model, maxOutputTokens, answers, text } = body;
    const asked =
      endpoint === 'chat'
        ? {
            model,
            messages: [{ role: 'user', content: text || 'a question' }],
            n: answers,
            ...(maxOutputTokens === null ? {} : { max_completion_tokens: maxOutputTokens }),
          }
        : { model, input: text || 'a text' };
    const headers = {
      'x-nexus-strict': hints.strict ? '1' : undefined,
      'x-nexus-flexible': hints.flexible ? '1' : undefined,
      'x-nexus-category': hints.category ?? undefined,
      'x-nexus-class': hints.class ?? undefined,
    };
    try {
      const request = readRequestBody(endpoint, Buffer.from(JSON.stringify(asked)));
      return [{ request, hints: readHints(headers), caller, tokens: countTokens(request, memory) }];
    } catch (error) {
      // A name that no request could bring.
      if (error instanceof BadRequest) return [];
      throw error;
    }
  });
}
