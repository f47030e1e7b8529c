import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { Deployment, Server } from './draft.ts';
import type { KeyPath } from './key-path.ts';
import { type Provider, readProvider } from './provider.ts';
import { readBudget, readTimeout } from './read-limits.ts';
import { isServed, readModel } from './read-model.ts';
import type { KeyNames } from './read-key.ts';
import { readUrl } from './read-url.ts';
import { tellLeftOut } from './tell-left-out.ts';
import { numberAt, textAt, treeAt } from './tree-values.ts';

const OPENAI = /^https:\/\/api\.openai\.com$/i;
const LOCAL_TYPES: readonly string[] = ['ollama', 'vllm', 'lmstudio', 'llamacpp'];
const HIGHEST_PRIORITY = 50;

/** Timeouts of the whole proxy, for deployments without their own. */
export type Timeouts = Server['timeouts'];

/** Reads an entry of `model_list`; null, told, where it cannot be carried over. */
export function readDeployment(root: Tree, at: KeyPath, keys: KeyNames, usual: Timeouts, account: Account): Deployment | null {
  const params = [...at, 'litellm_params'];
  const name = textAt(root, ...at, 'model_name');
  const written = textAt(root, ...params, 'model');
  const refuse = (message: string, help: string): null => {
    account.leftOut(at, message, help);
    return null;
  };
  if (name === null || name === '' || written === null || written === '') {
    return refuse('a deployment without `model_name` or `litellm_params.model`', 'give it both, and import again');
  }
  if (name.includes('*') || written.includes('*')) {
    return refuse(
      `a wildcard: \`${name}\` stands for models that the file does not name`,
      'name each model that is used, as `models:` of a backend; what is not named is answered with 404',
    );
  }
  if (!/^[^\s\u0000-\u001f\u007f]{1,256}$/.test(name)) {
    return refuse('a model name with spaces or control characters, or of more than 256 characters', 'rename it, and import again');
  }
  const mode = textAt(root, ...at, 'model_info', 'mode');
  if (!isServed(mode)) {
    return refuse(
      `\`${name}\` is of mode \`${mode}\`, which policyd does not serve`,
      'keep LiteLLM for it: policyd serves chat and embeddings',
    );
  }
  const naming = readProvider(written, textAt(root, ...params, 'custom_llm_provider'));
  if (!naming.known) {
    const whom =
      naming.name === null ? 'names no provider that is known' : `is served by \`${naming.name}\`, which no backend type speaks to`;
    return refuse(`\`${name}\` ${whom}`, naming.help);
  }
  const upstream = naming.upstream.replace(/^(responses|chat)\//, '');
  if (upstream.length === 0 || upstream.length > 256) return refuse(`\`${name}\` names no model of its provider`, 'write it by hand');

  const holder = credentialOf(root, params);
  if (holder === null) {
    return refuse(
      `\`${name}\` refers to a credential that \`credential_list\` does not hold`,
      'write the backend by hand, with `api_key_env`',
    );
  }
  const basePath = findBase(root, params, holder);
  const base = basePath === null ? null : textAt(root, ...basePath);
  const address = base === null || base === '' ? null : readUrl(base);
  if (address !== null && address.url === null) {
    return refuse(
      `\`${name}\` is left out: ${address.why}`,
      'write it like this, and import again: `api_base: https://host/v1`, secrets in `api_key`',
    );
  }
  const { type, url } = placeServer(naming.provider, address?.url ?? null);
  if (type === 'generic' && url === null) {
    return refuse(
      `\`${name}\` is left out: \`${naming.name}\` has no usual address, and the file has no \`api_base\``,
      'add `api_base`, and import again',
    );
  }

  account.carried([...at, 'model_name'], 'name of a model');
  if (holder !== params) {
    account.carried([...params, 'litellm_credential_name'], 'key and address of the credential');
    account.carried([...holder.slice(0, 2), 'credential_name'], 'key and address of the credential');
    tellLeftOut(root, holder, 'litellm_params', account);
  }
  if (upstream === naming.upstream) account.carried([...params, 'model'], 'backend, and `upstream` where it differs from the name');
  else
    account.changed(
      [...params, 'model'],
      `the model was taken to be \`${upstream}\``,
      'nothing to do: which API is spoken follows from the caller',
    );
  if (treeAt(root, ...params, 'custom_llm_provider') !== undefined)
    account.carried([...params, 'custom_llm_provider'], '`type` of the backend');
  if (basePath !== null) tellAddress(basePath, type, address, account);
  if (type === 'generic' && basePath === null) {
    account.changed(
      [...params, 'model'],
      `\`${naming.name}\` became a backend of type \`generic\` in zone \`open\``,
      'nothing to do, unless you want another zone; give its models a `price` for budgets and estimates',
    );
  }
  const isCloud = naming.provider.variable !== null;
  const usualKey = naming.provider.variable ?? `${naming.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_API_KEY`;
  // A key of OpenAI goes to OpenAI alone, unless the file says otherwise.
  const isElsewhere = naming.provider.type === 'openai' && type === 'generic';
  const apiKeyEnv =
    keys.read(root, [...holder, 'api_key'], isElsewhere ? 'OPENAI_COMPATIBLE_API_KEY' : usualKey, isCloud && !isElsewhere, account) ??
    (isElsewhere ? null : naming.provider.variable);

  const own = {
    firstToken: readTimeout(root, [...params, 'stream_timeout'], 'first_token', account),
    total: readTimeout(root, [...params, 'timeout'], 'total', account),
  };
  const budget = readBudget(root, params, ['max_budget', 'budget_duration'], account);
  const model = readModel(root, at, upstream, account);
  const server: Server = {
    name: backendName(isElsewhere ? null : LOCAL_TYPES.includes(type) ? type : naming.name, url),
    type,
    url,
    apiKeyEnv,
    zone: type === 'generic' ? 'open' : null,
    priority: readOrder(root, [...params, 'order'], account),
    maxInFlight: readParallel(root, [...params, 'max_parallel_requests'], account),
    timeouts: { firstToken: own.firstToken ?? usual.firstToken, total: own.total ?? usual.total },
  };
  tellLeftOut(root, params, 'litellm_params', account);
  tellLeftOut(root, [...at, 'model_info'], 'model_info', account);
  return {
    path: at,
    name,
    provider: naming.name,
    server,
    model,
    budget: budget && { ...budget, name, path: [...params, 'max_budget'], scope: { backend: null, model: name }, action: 'block_all' },
  };
}

/** Where key and address stand: beside the model, or in the credential that is named there. Null where there is no such credential. */
function credentialOf(root: Tree, params: KeyPath): KeyPath | null {
  const name = textAt(root, ...params, 'litellm_credential_name');
  if (name === null) return params;
  const list = treeAt(root, 'credential_list');
  const at = list?.kind === 'list' ? list.items.findIndex((item) => textAt(item, 'credential_name') === name) : -1;
  if (at < 0) return null;
  return ['credential_list', at, 'credential_values'];
}

function findBase(root: Tree, params: KeyPath, holder: KeyPath): KeyPath | null {
  const paths = [params, holder].flatMap((at) => [
    [...at, 'api_base'],
    [...at, 'base_url'],
  ]);
  return paths.find((path) => textAt(root, ...path) !== null) ?? null;
}

/** A server that only speaks like OpenAI is not OpenAI's: its zone, its prices and its key are its own. */
function placeServer({ type, url }: Provider, base: string | null): { type: Provider['type']; url: string | null } {
  if (type !== 'openai') return { type, url: base ?? url };
  return base === null || OPENAI.test(base) ? { type, url: null } : { type: 'generic', url: base };
}

function tellAddress(path: KeyPath, type: Provider['type'], address: ReturnType<typeof readUrl> | null, account: Account): void {
  if (address === null) {
    account.leftOut(path, 'an empty address', 'nothing to do: the usual one is taken');
    return;
  }
  if (type === 'generic') {
    account.changed(
      path,
      'a server that speaks like OpenAI became a backend of type `generic` in zone `open`',
      'write `zone: restricted` if the server is under your control (its models are free then), else give its models a `price` for budgets and estimates',
    );
  } else account.carried(path, '`url` of the backend');
  if ('samePath' in address && !address.samePath && (type === 'generic' || type === 'vllm' || type === 'lmstudio' || type === 'llamacpp')) {
    account.changed(
      path,
      'an address without `/v1`: LiteLLM asks for `/chat/completions` below it, policyd for `/v1/chat/completions`',
      'look whether the server answers there; most do',
    );
  }
}

/** `order` there: 1 is tried first. Here a higher priority is preferred; 50 is that of a backend which says nothing. */
function readOrder(root: Tree, path: KeyPath, account: Account): number | null {
  if (treeAt(root, ...path) === undefined) return null;
  const order = numberAt(root, ...path);
  if (order === null || !Number.isInteger(order) || order < 0 || order > HIGHEST_PRIORITY) {
    account.leftOut(path, 'not an order from 0 to 50', 'write `priority` of the backend by hand, higher is preferred');
    return null;
  }
  account.changed(
    path,
    'an order became `priority` of the backend: a preference among targets, weighed with load and speed',
    'where the second must serve only after the first, make it a model of its own and a fallback',
  );
  return HIGHEST_PRIORITY - order;
}

function readParallel(root: Tree, path: KeyPath, account: Account): number | null {
  if (treeAt(root, ...path) === undefined) return null;
  const most = numberAt(root, ...path);
  if (most === null || !Number.isInteger(most) || most < 1 || most > 1_000_000) {
    account.leftOut(path, 'not a number of requests', 'write `max_in_flight` of the backend by hand');
    return null;
  }
  account.carried(path, '`max_in_flight` of the backend');
  return most;
}

/** The provider's name, or the host's. */
function backendName(provider: string | null, url: string | null): string {
  const host = url !== null && URL.canParse(url) ? new URL(url).hostname : 'openai-compatible';
  const isAddress = /^[0-9.]+$|^\[/.test(host);
  const word = provider ?? (isAddress ? 'openai-compatible' : host);
  const slug = word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-+$/, '');
  return slug.slice(0, 60) || 'backend';
}
