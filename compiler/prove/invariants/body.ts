import type { PolicySet } from '../../../schema/policy-set.ts';
import { IMAGE_TOKENS } from '../../../schema/request.ts';
import { CAPABILITIES, type Capability, ENDPOINTS } from '../../../schema/vocabulary.ts';
import type { Question } from '../../interpret/interpret.ts';
import type { Amounts } from './amounts.ts';
import { ownBit } from './reach.ts';
import { type Interval, intersect } from './clause.ts';
import { FRAME, type Way } from './kinds.ts';
import type { Situation } from './situations.ts';

/** A request as a client would send it, and as the interpreter takes it. */
export interface Written {
  /** The JSON of the body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the caller's key. */
  readonly key: string | null;
  /** Its input tokens, whatever the tokenizer: more than one number where what it holds was not counted. */
  readonly tokens: Interval;
  readonly question: Omit<Question, 'tokens'>;
  readonly images: number;
}

export interface Wish {
  readonly situation: Situation;
  readonly way: Way;
  /** Capability bits beside the endpoint's own. */
  readonly needs: number;
  readonly flexible: boolean;
  readonly amounts: Amounts;
  /** Input tokens that will do. */
  readonly tokens: Interval;
  /** Leave the cap to the policy. */
  readonly plain: boolean;
}

/** Words of one token in both tokenizers, alone and after a space. */
const FILLERS = ['hi', 'a', 'x', 'b', 'c', 'd', 'e', 'f'];
const TOOL = { type: 'function', function: { name: 'f' } };
const bit = (capability: Capability): number => 1 << CAPABILITIES.indexOf(capability);

/** Writes the shortest request that fulfils the wish; null where none does. */
export function writeBody(set: PolicySet, wish: Wish): Written | null {
  const { situation, way, needs, flexible, amounts, plain } = wish;
  const embeddings = ENDPOINTS[situation.endpoint] === 'embeddings';
  const tools = embeddings ? 0 : Math.max(way.tools, amounts.tools || (needs & bit('tools')) !== 0 ? 1 : 0);
  const images = Math.max(amounts.images, (needs & bit('vision')) === 0 ? 0 : 1);
  const definitions = Array.from({ length: tools }, () => TOOL);
  const toolTokens: Interval = tools === 0 ? { low: 0, high: 0 } : { low: 1, high: JSON.stringify(definitions).length };
  const textTokens: Interval = way.text === '' ? { low: 0, high: 0 } : { low: 1, high: Buffer.byteLength(way.text) + 1 };
  const frame = embeddings ? 0 : FRAME + images * IMAGE_TOKENS;
  const fixed = { low: frame + toolTokens.low + textTokens.low, high: frame + toolTokens.high + textTokens.high };
  // As much filler as brings both ends into what will do; a plain word where nothing is asked for.
  const room = intersect({ low: wish.tokens.low - fixed.low, high: wish.tokens.high - fixed.high }, { low: 0, high: LONGEST });
  const wanted = Math.max(room.low, amounts.input - fixed.high, plain && way.text === '' && room.high >= 1 ? 1 : 0);
  if (room.low > room.high || wanted > room.high) return null;
  const content = [fillerOf(set, wanted), way.text].filter((part) => part !== '').join(' ');
  const { name } = set.names[situation.name];
  const parts = [
    { type: 'text', text: content },
    ...Array.from({ length: images }, () => ({ type: 'image_url', image_url: { url: 'data:,' } })),
  ];
  const output = plain || embeddings ? null : amounts.output;
  const body = embeddings
    ? // An empty text is refused; a list of one is not.
      { model: name, input: content === '' ? [content] : content }
    : {
        model: name,
        messages: [{ role: 'user', content: images > 0 ? parts : content }],
        ...(output === null ? {} : { max_tokens: output }),
        ...(amounts.answers > 1 ? { n: amounts.answers } : {}),
        ...(tools > 0 ? { tools: definitions } : {}),
        ...((needs & bit('json')) === 0 ? {} : { response_format: { type: 'json_object' } }),
        ...((needs & bit('reasoning')) === 0 ? {} : { reasoning_effort: 'low' }),
      };
  const hints = { strict: false, flexible, category: way.category, class: way.class };
  const caller = set.callers[situation.caller];
  return {
    body,
    headers: {
      ...(way.category === null ? {} : { 'X-Nexus-Category': way.category }),
      ...(way.class === null ? {} : { 'X-Nexus-Class': way.class }),
      ...(flexible ? { 'X-Nexus-Flexible': 'true' } : {}),
    },
    key: caller.implicit ? null : caller.name,
    tokens: { low: fixed.low + wanted, high: fixed.high + wanted },
    images,
    question: {
      body: {
        endpoint: ENDPOINTS[situation.endpoint],
        model: name,
        maxOutputTokens: output,
        answers: amounts.answers,
        tools,
        ...(images > 0 ? { images } : {}),
        required: needs | ownBit(situation.endpoint) | (tools > 0 ? bit('tools') : 0) | (images > 0 ? bit('vision') : 0),
        text: () => content.slice(-8_192),
      },
      hints,
      caller: situation.caller,
    },
  };
}

/** Tokens of filler that a body is written with; above, a request is described, not written. */
const LONGEST = 2_000_000;

function fillerOf({ classifier, classes }: PolicySet, tokens: number): string {
  const taken = new Set([...classifier.keywords.map(({ word }) => word.toLowerCase()), ...classes.flatMap(({ when }) => when.words ?? [])]);
  const word = FILLERS.find((filler) => !taken.has(filler)) ?? FILLERS[0];
  return tokens === 0 ? '' : `${word}${` ${word}`.repeat(tokens - 1)}`;
}
