import { CAPABILITIES, type Capability, type Endpoint } from '../../schema/vocabulary.ts';
import type { Sample } from './compare-tokens.ts';

/** A request in the words of a policy test; its body is what a client sends, and what `policyc explain --request` reads. */
export interface WitnessRequest {
  readonly endpoint: Endpoint;
  readonly request: Readonly<Record<string, unknown>> & { readonly model: string };
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the caller's key; null = none. */
  readonly key: string | null;
  /** Input tokens that the body has, about. */
  readonly tokens: number;
}

/** Tokens of a chat beside its content: role and frame of one message, the reply's opening. A tool and an image count as follows. */
const FRAME = 7;
const TOOL = 30;
const IMAGE = 1_445;

/** One word is one token in both encodings, also in a row. */
const WORD = 'a';

const TOOLS = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }];
/** One white pixel. */
const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC';

/** Writes a request that is analyzed as the sample was. */
export function writeWitness(sample: Sample, key: string | null): WitnessRequest {
  const { name, endpoint, piece, flexible, tokens, maxOutputTokens, answers } = sample;
  const headers = {
    ...(flexible ? { 'X-Nexus-Flexible': 'true' } : {}),
    ...(piece.category === null ? {} : { 'X-Nexus-Category': piece.category }),
    ...(piece.class === null ? {} : { 'X-Nexus-Class': piece.class }),
  };
  const request =
    endpoint === 'embeddings'
      ? { model: name, input: writeText(piece.text, tokens) }
      : {
          model: name,
          ...writeChat(sample),
          ...(maxOutputTokens === null ? {} : { max_completion_tokens: maxOutputTokens }),
          ...(answers === 1 ? {} : { n: answers }),
        };
  return { endpoint, request, headers, key, tokens };
}

function writeChat({ piece, required, tokens }: Sample): Record<string, unknown> {
  const has = (capability: Capability): boolean => (required & (1 << CAPABILITIES.indexOf(capability))) !== 0;
  const tools = Math.max(piece.tools, Number(has('tools')));
  const text = writeText(piece.text, tokens - FRAME - tools * TOOL - (has('vision') ? IMAGE : 0));
  const content = has('vision')
    ? [
        { type: 'text', text },
        { type: 'image_url', image_url: { url: PIXEL } },
      ]
    : text;
  return {
    messages: [{ role: 'user', content }],
    ...(tools > 0 ? { tools: Array.from({ length: tools }, () => TOOLS[0]) } : {}),
    ...(has('json') ? { response_format: { type: 'json_object' } } : {}),
    ...(has('reasoning') ? { reasoning_effort: 'high' } : {}),
  };
}

/** Words without a meaning up to this many tokens, then the text: only the end of what a user says is looked at. */
function writeText(text: string, tokens: number): string {
  const words = text.split(/\s+/).filter((word) => word !== '').length;
  const fill = Math.max(0, tokens - words);
  if (text === '') return fill <= 1 ? 'hi' : `hi${` ${WORD}`.repeat(fill - 1)}`;
  return `${`${WORD} `.repeat(fill)}${text}`;
}
