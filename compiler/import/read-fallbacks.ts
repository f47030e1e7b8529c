import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { KeyPath } from './key-path.ts';
import { itemsAt, mapAt, treeAt } from './tree-values.ts';

const MOST = 3;
const FOR_ALL = '*';
const SECTIONS = ['router_settings', 'litellm_settings'] as const;

interface Link {
  readonly name: string;
  readonly path: KeyPath;
}

/**
 * The chains of `fallbacks`, of `context_window_fallbacks` behind them, and of `default_fallbacks` where a model has none of its own.
 * `router_settings` goes before `litellm_settings`, section by section.
 */
export function readFallbacks(
  root: Tree,
  models: ReadonlySet<string>,
  aliases: ReadonlyMap<string, string>,
  account: Account,
): Map<string, string[]> {
  const meaning = (name: string): string => aliases.get(name) ?? name;
  const plain = readChains(root, 'fallbacks', models, meaning, account);
  const window = readChains(root, 'context_window_fallbacks', models, meaning, account);
  const generic = readDefaults(root, models, plain.get(FOR_ALL) ?? null, account);
  const chains = new Map<string, string[]>();
  for (const model of models) {
    const links = [...(plain.get(model) ?? generic), ...(window.get(model) ?? window.get(FOR_ALL) ?? [])];
    const chain: string[] = [];
    for (const { name, path } of links) {
      const next = meaning(name);
      if (next === model || chain.includes(next)) continue;
      if (chain.length < MOST) chain.push(next);
      else account.changed(path, `of the fallbacks of \`${model}\` the first ${MOST} were kept`, 'keep the best three');
    }
    if (chain.length > 0) chains.set(model, chain);
  }
  return chains;
}

/** By model, or `*`, what `[{ model: [fallbacks] }]` says in the section that counts. */
function readChains(
  root: Tree,
  key: string,
  models: ReadonlySet<string>,
  meaning: (name: string) => string,
  account: Account,
): Map<string, Link[]> {
  const chains = new Map<string, Link[]>();
  const at = sectionOf(root, key, account);
  if (at === null) return chains;
  // A map of them all is read too, though the format is a list of maps.
  const list = treeAt(root, ...at);
  const holders = list?.kind === 'map' ? [at] : itemsAt(root, ...at).map((_, index) => [...at, index]);
  if (!holders.some((holder) => mapAt(root, ...holder).size > 0)) account.leftOut(at, 'no fallbacks stand in it', 'nothing to do');
  for (const holder of holders) {
    for (const written of mapAt(root, ...holder).keys()) {
      const path = [...holder, written];
      const model = written === FOR_ALL ? FOR_ALL : meaning(written);
      if (model !== FOR_ALL && !models.has(model)) {
        account.leftOut(path, 'fallbacks of a model that is not carried over', 'once the model is there, write them under `fallbacks`');
      } else if (chains.has(model)) {
        account.leftOut(path, 'fallbacks of a model that has some above: LiteLLM takes the first', 'nothing to do');
      } else {
        chains.set(model, readLinks(root, path, models, meaning, account));
        tellChain(key, path, model, account);
      }
    }
  }
  return chains;
}

function tellChain(key: string, path: KeyPath, model: string, account: Account): void {
  if (key === 'context_window_fallbacks') {
    account.changed(
      path,
      'fallbacks for prompts that are too long stand behind the others in `fallbacks`: they serve after other failures too',
      'nothing to do, unless they must not; a target whose `context` is too small is passed over before it is asked',
    );
  } else if (model === FOR_ALL) account.changed(path, 'fallbacks of all models are written for each model', 'nothing to do');
  else account.carried(path, '`fallbacks`');
}

function readDefaults(root: Tree, models: ReadonlySet<string>, forAll: Link[] | null, account: Account): Link[] {
  const path = sectionOf(root, 'default_fallbacks', account);
  if (path === null || forAll !== null) {
    if (path !== null) account.leftOut(path, 'fallbacks for `*` go before the default ones', 'nothing to do');
    return forAll ?? [];
  }
  account.changed(path, 'default fallbacks are written for each model that has none of its own', 'nothing to do');
  return readLinks(root, path, models, (name) => name, account);
}

function readLinks(root: Tree, path: KeyPath, models: ReadonlySet<string>, meaning: (name: string) => string, account: Account): Link[] {
  return itemsAt(root, ...path).flatMap((item, at) => {
    const place = [...path, at];
    const name = item.kind === 'leaf' && item.value !== null ? String(item.value).trim() : null;
    if (name !== null && models.has(meaning(name))) return [{ name, path: place }];
    if (name === null) {
      account.leftOut(place, 'a fallback with messages or parameters of its own', 'name the model alone');
    } else {
      account.leftOut(
        place,
        'a fallback to a model that is not carried over, or to the `id` of a deployment',
        'once the model is there, write it under `fallbacks`; a deployment alone has no name here',
      );
    }
    return [];
  });
}

/** Where the key stands that counts; the other one, if there is one, is told as left out. */
function sectionOf(root: Tree, key: string, account: Account): KeyPath | null {
  const paths = SECTIONS.map((section) => [section, key]).filter((path) => treeAt(root, ...path) !== undefined);
  for (const path of paths.slice(1)) account.leftOut(path, `\`router_settings.${key}\` goes before it`, 'nothing to do');
  return paths[0] ?? null;
}
