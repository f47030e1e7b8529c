import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { Model } from './draft.ts';
import type { KeyPath } from './key-path.ts';
import { numberAt, switchAt, textAt, treeAt } from './tree-values.ts';

/** `model_info.mode` that is served here. */
const EMBEDDING = 'embedding';
const CHATS = ['chat', 'completion', 'responses'];

/** `supports_…` of `model_info`, and the capability that it is. */
const CAPABILITIES: Readonly<Record<string, string>> = {
  supports_function_calling: 'tools',
  supports_response_schema: 'json',
  supports_reasoning: 'reasoning',
  supports_vision: 'vision',
};

/** Whether a mode of LiteLLM has an endpoint here. */
export function isServed(mode: string | null): boolean {
  return mode === null || mode === EMBEDDING || CHATS.includes(mode);
}

/** What is said of the model itself: its window, its capabilities and its price. */
export function readModel(root: Tree, at: KeyPath, upstream: string, account: Account): Model {
  const info = [...at, 'model_info'];
  const mode = textAt(root, ...info, 'mode');
  // LiteLLM knows by its own table which models embed; their names all say so.
  const isGuessed = mode === null && /(^|[-/_])(text-)?embed/i.test(upstream);
  if (isGuessed) {
    account.changed(
      [...at, 'litellm_params', 'model'],
      'a model that is called after embeddings was taken to be one',
      'nothing to do, unless it chats: then remove its `capabilities`',
    );
  }
  const isEmbedding = mode === EMBEDDING || isGuessed;
  return {
    upstream,
    context: readContext(root, [...info, 'max_input_tokens'], account),
    capabilities: readCapabilities(root, info, isEmbedding, account),
    price: readPrice(root, at, isEmbedding, account),
  };
}

function readContext(root: Tree, path: KeyPath, account: Account): number | null {
  if (treeAt(root, ...path) === undefined) return null;
  const tokens = numberAt(root, ...path);
  if (tokens === null || !Number.isInteger(tokens) || tokens < 1 || tokens > 1e9) {
    account.leftOut(path, 'not a number of tokens', 'write `context: 128k` of the model by hand');
    return null;
  }
  account.changed(
    path,
    'the most input became `context`, which is input and output together',
    'raise it by the longest answer where the provider counts the two apart',
  );
  return tokens;
}

function readCapabilities(root: Tree, info: KeyPath, isEmbedding: boolean, account: Account): string[] | null {
  if (treeAt(root, ...info, 'mode') !== undefined) account.carried([...info, 'mode'], '`capabilities` of the model');
  const said = new Map<string, boolean>();
  for (const [key, capability] of Object.entries(CAPABILITIES)) {
    const path = [...info, key];
    if (treeAt(root, ...path) === undefined) continue;
    const has = switchAt(root, ...path);
    if (has === null) account.leftOut(path, 'neither true nor false', 'write `capabilities` of the model by hand');
    else if (isEmbedding)
      account.leftOut(path, 'a capability of chat, at a model of embeddings', 'nothing to do: no request of embeddings asks for it');
    else {
      said.set(capability, has);
      account.carried(path, '`capabilities` of the model');
    }
  }
  if (isEmbedding) return ['embeddings'];
  if (said.size === 0) return null;
  return ['tools', 'json', 'reasoning', 'vision'].filter((capability) => said.get(capability) ?? capability !== 'vision');
}

const PRICES = { input_cost_per_token: 'input', output_cost_per_token: 'output', cache_read_input_token_cost: 'cached_input' } as const;
const MOST_PER_MILLION = 1_000_000;

/** Per token in either map there, per million here. `litellm_params` goes before `model_info`. */
function readPrice(root: Tree, at: KeyPath, isEmbedding: boolean, account: Account): Model['price'] {
  const found = new Map<string, number>();
  const paths: KeyPath[] = [];
  for (const [key, kind] of Object.entries(PRICES)) {
    for (const holder of ['litellm_params', 'model_info']) {
      const path = [...at, holder, key];
      if (treeAt(root, ...path) === undefined) continue;
      const usd = perMillion(numberAt(root, ...path));
      if (usd === null) account.leftOut(path, 'not a price per token', 'write `price` of the model by hand, in USD per million tokens');
      else if (found.has(kind)) account.leftOut(path, 'the price is also written in `litellm_params`, which went before', 'nothing to do');
      else {
        found.set(kind, usd);
        paths.push(path);
      }
    }
  }
  const input = found.get('input');
  const output = found.get('output') ?? (isEmbedding ? 0 : undefined);
  if (input === undefined || output === undefined) {
    for (const path of paths) {
      account.leftOut(
        path,
        'a price without its other half',
        'write `price: { input, output }` of the model by hand, in USD per million tokens',
      );
    }
    return null;
  }
  const cachedInput = found.get('cached_input') ?? null;
  const isFree = input === 0 && output === 0 && (cachedInput ?? 0) === 0;
  for (const path of paths) account.carried(path, isFree ? '`price: free`' : '`price` of the model, in USD per million tokens');
  return isFree ? 'free' : { input, output, cachedInput };
}

/** Without the noise of binary fractions: 0.00000015 × 1e6 is 0.15. */
function perMillion(perToken: number | null): number | null {
  if (perToken === null || perToken < 0) return null;
  const usd = Number((perToken * 1e6).toPrecision(12));
  return usd <= MOST_PER_MILLION ? usd : null;
}
