import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { parse } from '../parse/parse.ts';
import type { MapTree } from '../parse/tree.ts';
import { type Source, understand } from '../understand.ts';
import { Account } from './account.ts';
import type { BudgetDraft, Deployment, PolicyDraft } from './draft.ts';
import type { Note } from './note.ts';
import { freeName, placeDeployments } from './place-deployments.ts';
import { readProvider } from './provider.ts';
import { readDeployment, type Timeouts } from './read-deployment.ts';
import { readFallbacks } from './read-fallbacks.ts';
import { KeyNames } from './read-key.ts';
import { readBudget, readTimeout } from './read-limits.ts';
import { readAliases } from './read-names.ts';
import { readProviderBudgets } from './read-provider-budgets.ts';
import { tellLeftOut } from './tell-left-out.ts';
import { itemsAt, mapAt, textAt, treeAt } from './tree-values.ts';
import { writePolicy } from './write-policy.ts';

/** A policy from the configuration of another gateway. */
export interface Imported {
  /** Policy files, by name within their folder; none where nothing could be carried over. */
  readonly files: readonly Source[];
  /** What became of every key, by place. */
  readonly notes: readonly Note[];
  /** Why the file could not be read; then there is nothing else. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a `config.yaml` of LiteLLM's proxy (docs.litellm.ai/docs/proxy/configs, read 2026-11-20). Same text, same result. */
export function importLitellm(source: Source): Imported {
  const { files, diagnostics } = parse([source]);
  const tree = files[0].tree;
  if (tree === null || diagnostics.length > 0) return { files: [], notes: [], diagnostics };
  const account = new Account(tree);
  const draft = readDraft(tree, account);
  tellRest(tree, account);
  return { files: draft.backends.length === 0 ? [] : writePolicy(draft, source.file), notes: account.close(), diagnostics: [] };
}

function readDraft(tree: MapTree, account: Account): PolicyDraft {
  const usual = readTimeouts(tree, account);
  const keys = new KeyNames(tree, variablesOf(tree));
  const deployments = itemsAt(tree, 'model_list').flatMap((_, at): Deployment[] => {
    const deployment = readDeployment(tree, ['model_list', at], keys, usual, account);
    return deployment === null ? [] : [deployment];
  });
  const { backends, budgets } = placeDeployments(deployments, account);
  const models = new Set(deployments.map(({ name }) => name));
  const aliases = readAliases(tree, models, account);
  const fallbacks = readFallbacks(tree, models, aliases, account);
  const all = [...readWholeBudget(tree, account), ...readProviderBudgets(tree, backends, account), ...budgets];
  return { backends, aliases, fallbacks, budgets: nameBudgets(loosenUnpriced({ backends, aliases, fallbacks, budgets: all }, account)) };
}

/** Variables that LiteLLM reads without being told, so that no key in the open takes their name. */
function variablesOf(tree: MapTree): string[] {
  return itemsAt(tree, 'model_list').flatMap((item) => {
    const naming = readProvider(textAt(item, 'litellm_params', 'model') ?? '', textAt(item, 'litellm_params', 'custom_llm_provider'));
    const isTold = ['api_key', 'litellm_credential_name'].some((key) => textAt(item, 'litellm_params', key) !== null);
    return naming.known && !isTold && naming.provider.variable !== null ? [naming.provider.variable] : [];
  });
}

/** Those of the proxy: `router_settings` goes before `litellm_settings`. */
function readTimeouts(tree: MapTree, account: Account): Timeouts {
  const router = readTimeout(tree, ['router_settings', 'timeout'], 'total', account);
  if (router !== null && treeAt(tree, 'litellm_settings', 'request_timeout') !== undefined) {
    account.leftOut(['litellm_settings', 'request_timeout'], '`router_settings.timeout` goes before it', 'nothing to do');
  }
  return {
    firstToken: readTimeout(tree, ['router_settings', 'stream_timeout'], 'first_token', account),
    total: router ?? readTimeout(tree, ['litellm_settings', 'request_timeout'], 'total', account),
  };
}

function readWholeBudget(tree: MapTree, account: Account): BudgetDraft[] {
  const budget = readBudget(tree, ['litellm_settings'], ['max_budget', 'budget_duration'], account);
  if (budget === null) return [];
  return [
    { ...budget, name: 'everything', path: ['litellm_settings', 'max_budget'], scope: { backend: null, model: null }, action: 'block_all' },
  ];
}

/** A budget cannot stop what it cannot count: where it counts a model without a price, it warns. */
function loosenUnpriced(draft: PolicyDraft, account: Account): BudgetDraft[] {
  return draft.budgets.map((budget): BudgetDraft => {
    const { diagnostics } = understand(writePolicy({ ...draft, budgets: [{ ...budget, name: 'budget' }] }, ''));
    if (!diagnostics.some(({ rule }) => rule === 'unknown-price')) return budget;
    account.changed(
      budget.path,
      'a budget over models whose price nobody knows warns, and does not stop',
      'give every model `price`, then write `hard_limit_action: block_all`; `policyc prices` lists which have none',
    );
    return { ...budget, action: 'warn' };
  });
}

function nameBudgets(budgets: readonly BudgetDraft[]): BudgetDraft[] {
  const taken = new Set<string>();
  return budgets.map((budget) => {
    const word = budget.name
      .replaceAll(/[^A-Za-z0-9_.-]/g, '-')
      .replace(/^[^A-Za-z]+/, '')
      .slice(0, 200);
    return { ...budget, name: freeName(word === '' ? 'budget' : word, taken) };
  });
}

/** What has no equal, and what stands in `credential_list` without being referred to. */
function tellRest(tree: MapTree, account: Account): void {
  for (const section of ['router_settings', 'litellm_settings', 'general_settings'] as const)
    tellLeftOut(tree, [section], section, account);
  tellLeftOut(tree, [], 'top', account);
  for (const [at, credential] of itemsAt(tree, 'credential_list').entries()) {
    const name = textAt(credential, 'credential_name');
    const isUsed =
      name !== null && itemsAt(tree, 'model_list').some((item) => textAt(item, 'litellm_params', 'litellm_credential_name') === name);
    if (!isUsed) account.leftOut(['credential_list', at], 'a credential that no deployment refers to', 'nothing to do');
    else if (treeAt(credential, 'credential_info') !== undefined) {
      account.leftOut(['credential_list', at, 'credential_info'], 'words about a credential', 'nothing to do');
    }
  }
  for (const [name, { value }] of tree.entries) {
    const isEmpty =
      value.kind === 'leaf' ? value.value === null : value.kind === 'list' ? value.items.length === 0 : mapAt(tree, name).size === 0;
    if (isEmpty) account.leftOut([name], 'nothing stands in it', 'nothing to do');
  }
}
