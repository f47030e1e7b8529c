import { Document, type Pair, YAMLMap, YAMLSeq } from 'yaml';
import type { Source } from '../understand.ts';
import type { BackendDraft, BudgetDraft, Model, PolicyDraft } from './draft.ts';

const LAYOUT = { indent: 2, lineWidth: 140, minContentWidth: 0 } as const;

/** A draft as policy files; `from`: the file that it was read from, for the comment at the top. */
export function writePolicy({ backends, aliases, fallbacks, budgets }: PolicyDraft, from: string): Source[] {
  const files: readonly (readonly [string, string, readonly (readonly [string, YAMLMap])[]])[] = [
    ['backends.yaml', 'where a request can go', [['backends', mapOf(backends.map((draft) => [draft.name, writeBackend(draft)]))]]],
    [
      'models.yaml',
      'what a requested name means',
      [
        ['aliases', mapOf([...aliases])],
        ['fallbacks', mapOf([...fallbacks].map(([name, chain]) => [name, listOf(chain)]))],
      ],
    ],
    ['budgets.yaml', 'how much may be spent', [['budgets', mapOf(nameBudgets(budgets))]]],
  ];
  return files.flatMap(([file, title, sections]) => {
    const filled = sections.filter(([, map]) => map.items.length > 0);
    if (filled.length === 0) return [];
    const document = new Document(mapOf(filled));
    document.commentBefore = ` ${title}\n Written by \`policyc import litellm\` from ${from.replaceAll(/[\u0000-\u001f\u007f]/g, ' ')}.`;
    return [{ file, text: document.toString(LAYOUT) }];
  });
}

function writeBackend({ server, models }: BackendDraft): YAMLMap {
  const { firstToken, total } = server.timeouts;
  const timeouts = mapOf([
    ...(firstToken === null ? [] : [['first_token', firstToken] as const]),
    ...(total === null ? [] : [['total', total] as const]),
  ]);
  timeouts.flow = true;
  return mapOf([
    ['type', server.type],
    ...given('url', server.url),
    ...given('api_key_env', server.apiKeyEnv),
    ...given('zone', server.zone),
    ...given('priority', server.priority),
    ...given('max_in_flight', server.maxInFlight),
    ...(timeouts.items.length === 0 ? [] : [['timeouts', timeouts] as const]),
    ['models', mapOf([...models].map(([name, model]) => [name, writeModel(name, model)]))],
  ]);
}

function writeModel(name: string, { upstream, context, capabilities, price }: Model): YAMLMap {
  const rates =
    price === null || price === 'free'
      ? price
      : mapOf([['input', price.input], ['output', price.output], ...given('cached_input', price.cachedInput)]);
  const map = mapOf([
    ...given('upstream', upstream === name ? null : upstream),
    ...given('context', context),
    ...given('capabilities', capabilities === null ? null : listOf(capabilities)),
    ...given('price', rates),
  ]);
  map.flow = true;
  return map;
}

function nameBudgets(budgets: readonly BudgetDraft[]): (readonly [string, YAMLMap])[] {
  return budgets.map(({ name, limitUsd, period, scope, action }) => {
    const scopes = mapOf([...given('backend', scope.backend), ...given('model', scope.model)]);
    scopes.flow = true;
    const map = mapOf([
      ...(scopes.items.length === 0 ? [] : [['scope', scopes] as const]),
      ['limit_usd', limitUsd],
      ['period', period],
      // There was no point below the limit from which anything changed.
      ['soft_limit_percent', 100],
      ['hard_limit_action', action],
    ]);
    map.flow = true;
    return [name, map] as const;
  });
}

function given(key: string, value: unknown): (readonly [string, unknown])[] {
  return value === null ? [] : [[key, value]];
}

/** In the order given: a plain object would put names that look like numbers first. */
function mapOf(entries: readonly (readonly [string, unknown])[]): YAMLMap {
  const map = new YAMLMap();
  const document = new Document();
  for (const [key, value] of entries) map.items.push(document.createPair(key, value) as Pair);
  return map;
}

function listOf(values: readonly string[]): YAMLSeq {
  const list = new YAMLSeq();
  list.flow = true;
  for (const value of values) list.items.push(new Document(value).contents);
  return list;
}
