import { Tiktoken, type TiktokenBPE } from 'js-tiktoken/lite';
import type { TokenCount } from '../../schema/request.ts';
import type { Encoding } from '../../schema/vocabulary.ts';
import type { ReadBody } from './read-body.ts';

/** Tokens of a message's frame and of the reply's opening: OpenAI cookbook, "How to count tokens with tiktoken". */
const PER_MESSAGE = 3;
const REPLY = 3;
/** The largest image in high detail: 85 + 170 for each of 8 tiles. */
const PER_IMAGE = 85 + 170 * 8;
/** The library is quadratic in runs without a break; longer ones count as their bytes. */
const LONGEST_RUN = 2_000;

/** Input tokens of a request as the gateway would know them, counted with js-tiktoken: for people at a terminal, not for traffic. */
export async function countRequestTokens(request: ReadBody, encoding: Encoding): Promise<TokenCount> {
  const tokenizer = await loadTokenizer(encoding);
  const frame = request.body.endpoint === 'chat' ? REPLY + request.messages.length * PER_MESSAGE : 0;
  const texts = request.messages.flat();
  const count = texts.reduce((sum, text) => sum + countText(tokenizer, text), frame + request.images * PER_IMAGE);
  return { low: count, high: count, atLeast: () => count, exact: () => count };
}

const countText = (tokenizer: Tiktoken, text: string): number =>
  text.split(/(\s+)/).reduce((runs, run) => Math.max(runs, run.length), 0) > LONGEST_RUN
    ? Buffer.byteLength(text)
    : tokenizer.encode(text, [], []).length;

/** Building one takes longer than counting a thousand requests with it. */
const tokenizers = new Map<Encoding, Promise<Tiktoken>>();

function loadTokenizer(encoding: Encoding): Promise<Tiktoken> {
  const known = tokenizers.get(encoding) ?? loadRanks(encoding).then((ranks) => new Tiktoken(ranks));
  tokenizers.set(encoding, known);
  return known;
}

async function loadRanks(encoding: Encoding): Promise<TiktokenBPE> {
  const loaders: Record<Encoding, () => Promise<{ default: TiktokenBPE }>> = {
    o200k_base: () => import('js-tiktoken/ranks/o200k_base'),
    cl100k_base: () => import('js-tiktoken/ranks/cl100k_base'),
  };
  return (await loaders[encoding]()).default;
}
