import { writeFileSync } from 'node:fs';

const WIDTH = 64;
const LAYERS = 2;
const HEADS = 4;
const HIDDEN = 128;
const CONTEXT = 2048;
/** Types of values and of tokens, and the alignment of tensors: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
const U32 = 4;
const I32 = 5;
const F32 = 6;
const STRING = 8;
const ARRAY = 9;
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;
const ALIGNMENT = 32;

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Writes a Llama model of about half a megabyte whose weights are random, the same every time: it says nonsense, but says it token by token, as
 * every model does. GGUF, version 3.
 */
export function writeModel(path: string): void {
  const vocabulary = listTokens();
  const metadata = writeMetadata(vocabulary);
  const tensors = listTensors(vocabulary.length);
  const infos: Buffer[] = [];
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    infos.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset));
    offset += align(data.byteLength);
  }
  const head = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(metadata.length), ...metadata, ...infos]);
  const body = tensors.map(({ data }) => pad(Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  writeFileSync(path, Buffer.concat([pad(head), ...body]));
}

/** Special tokens, a token for each byte, and a few words. */
function listTokens(): readonly (readonly [string, number])[] {
  return [
    ['<unk>', TOKEN.unknown],
    ['<s>', TOKEN.control],
    ['</s>', TOKEN.control],
    ...Array.from({ length: 256 }, (_, byte) => [`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, TOKEN.byte] as const),
    ...['▁', '▁a', '▁the', '▁river', '▁stone', '▁sings', '▁Süden', 'e', 'n', 'ing'].map((word) => [word, TOKEN.normal] as const),
  ];
}

function writeMetadata(vocabulary: ReturnType<typeof listTokens>): readonly Buffer[] {
  const values: readonly (readonly [string, Buffer])[] = [
    ['general.architecture', string('llama')],
    ['general.name', string('random')],
    ['llama.context_length', number(CONTEXT)],
    ['llama.embedding_length', number(WIDTH)],
    ['llama.block_count', number(LAYERS)],
    ['llama.feed_forward_length', number(HIDDEN)],
    ['llama.attention.head_count', number(HEADS)],
    ['llama.attention.head_count_kv', number(HEADS)],
    ['llama.attention.layer_norm_rms_epsilon', Buffer.concat([u32(F32), float(1e-5)])],
    ['llama.rope.dimension_count', number(WIDTH / HEADS)],
    ['llama.vocab_size', number(vocabulary.length)],
    ['tokenizer.ggml.model', string('llama')],
    [
      'tokenizer.ggml.tokens',
      array(
        STRING,
        vocabulary.map(([word]) => text(word)),
      ),
    ],
    [
      'tokenizer.ggml.scores',
      array(
        F32,
        vocabulary.map((_, at) => float(-at)),
      ),
    ],
    [
      'tokenizer.ggml.token_type',
      array(
        I32,
        vocabulary.map(([, type]) => u32(type)),
      ),
    ],
    ['tokenizer.ggml.unknown_token_id', number(0)],
    ['tokenizer.ggml.bos_token_id', number(1)],
    ['tokenizer.ggml.eos_token_id', number(2)],
  ];
  return values.map(([name, value]) => Buffer.concat([text(name), value]));
}

function listTensors(words: number): readonly Tensor[] {
  const random = createRandom();
  const weight = (name: string, ...shape: number[]): Tensor => {
    const size = shape.reduce((product, length) => product * length, 1);
    const isNorm = shape.length === 1;
    return { name: `${name}.weight`, shape, data: Float32Array.from({ length: size }, () => (isNorm ? 1 : random() * 0.3)) };
  };
  const layers = Array.from({ length: LAYERS }, (_, at) => [
    weight(`blk.${at}.attn_norm`, WIDTH),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) => weight(`blk.${at}.${name}`, WIDTH, WIDTH)),
    weight(`blk.${at}.ffn_norm`, WIDTH),
    weight(`blk.${at}.ffn_gate`, WIDTH, HIDDEN),
    weight(`blk.${at}.ffn_up`, WIDTH, HIDDEN),
    weight(`blk.${at}.ffn_down`, HIDDEN, WIDTH),
  ]);
  return [weight('token_embd', WIDTH, words), ...layers.flat(), weight('output_norm', WIDTH), weight('output', WIDTH, words)];
}

/** From -1 to 1, the same in every run: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function createRandom(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function number(value: number): Buffer {
  return Buffer.concat([u32(U32), u32(value)]);
}

function string(value: string): Buffer {
  return Buffer.concat([u32(STRING), text(value)]);
}

function array(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([u32(ARRAY), u32(type), u64(items.length), ...items]);
}

function align(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)]);
}
