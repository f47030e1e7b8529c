import type { Overhead } from '../../schema/price.ts';
import type { BackendType } from '../../schema/vocabulary.ts';

/**
 * The most that one image takes at OpenAI, by family. Tiles: base + 8 tiles (2,048 × 768 is the largest image left after scaling).
 * Patches of 32 pixels: most patches × multiplier. OpenAI, "Images and vision", calculating costs; where measured bills and that page
 * differ, the higher figure. GPT-6 scales nothing down: 1.2 tokens a patch up to 60 megapixels, beyond which requests are refused.
 */
const OPENAI_IMAGES: readonly (readonly [family: RegExp, tokens: number])[] = [
  [/^gpt-4o-mini/, 2_833 + 8 * 5_667],
  [/^(gpt-4o|gpt-4\.5|gpt-4-turbo|gpt-4-vision|chatgpt-4o)/, 85 + 8 * 170],
  [/^gpt-4\.1-nano/, Math.ceil(1_536 * 2.46)],
  [/^gpt-4\.1-mini/, Math.ceil(1_536 * 1.62)],
  [/^gpt-4\.1/, 1_536],
  [/^(o4-mini|codex-mini)/, Math.ceil(1_536 * 1.72)],
  [/^(o1|o3)/, 75 + 8 * 150],
  [/^computer-use/, 65 + 8 * 129],
  [/^gpt-5-nano/, Math.ceil(1_536 * 2.46)],
  [/^gpt-5-mini/, Math.ceil(1_536 * 1.62)],
  [/^gpt-5(\.1)?(-|$)/, 70 + 8 * 140],
  [/^gpt-5\.[23]/, Math.ceil(1_536 * 1.2)],
  [/^gpt-5\./, Math.ceil(10_000 * 1.2)],
];
const OPENAI_LARGEST = Math.ceil((60_000_000 / 1024) * 1.2);

/** Claude scales images to 2,576 pixels at most: Anthropic, "Vision", evaluate image size. */
const ANTHROPIC_IMAGE = 4_784;
/** The longest prompt that turns tools on, of any model: Anthropic, "Tool use", pricing (Claude 3 Opus 530), rounded up for newer ones. */
const ANTHROPIC_TOOLS = 1_024;
/** 258 for each tile of 768 pixels, images scaled to 3,072 at most: Google, "Understand and count tokens". More than any media resolution. */
const GOOGLE_IMAGE = 16 * 258;
/** What closes a list of functions: OpenAI cookbook, "How to count tokens with tiktoken", tool calls. The rest is less than their JSON. */
const OPENAI_TOOLS = 12;

/** Tokens that a model's provider adds beyond what the body says, at most. Servers of one's own are taken for the largest of both figures. */
export function overheadOf(type: BackendType, model: string): Overhead {
  if (type === 'anthropic') return { image: ANTHROPIC_IMAGE, tools: ANTHROPIC_TOOLS };
  if (type === 'google') return { image: GOOGLE_IMAGE, tools: 0 };
  if (type !== 'openai') return { image: ANTHROPIC_IMAGE, tools: ANTHROPIC_TOOLS };
  const name = model.slice(model.lastIndexOf('/') + 1);
  return { image: OPENAI_IMAGES.find(([family]) => family.test(name))?.[1] ?? OPENAI_LARGEST, tools: OPENAI_TOOLS };
}
