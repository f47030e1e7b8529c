import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RULES = join(ROOT, 'deploy/prometheus/policyd.rules.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly remedy: string };
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const boards = globSync(join(ROOT, 'deploy/grafana/*.json')).map((file) => ({
  file,
  board: JSON.parse(readFileSync(file, 'utf8')) as {
    uid: string;
    panels: { id: number; title: string; targets: { expr: string; legendFormat: string }[] }[];
  },
}));

/** What Prometheus adds to every sample. */
const ADDED = ['instance', 'job', 'le'];
/** `name: 'x'` and the `labelNames` after it: what a counter without a sample does not tell. */
const SOURCES = globSync(join(ROOT, 'runtime/**/*.ts')).map((file) => readFileSync(file, 'utf8'));
const DECLARED = new Map(
  SOURCES.flatMap((text) =>
    [...text.matchAll(/name: '(\w+)',[^{}]*?labelNames: \[([^\]]*)\]/g)].map(([, name, labels]): [string, string[]] => [
      name,
      [...labels.matchAll(/'(\w+)'/g)].map(([, label]) => label),
    ]),
  ),
);

let served = '';
let names: Map<string, Set<string>>;

beforeAll(async () => {
  const upstream = await Upstream.start({ models: ['m'] });
  const policyd = await Policyd.start(
    `
backends:
  house: { type: openai, url: "${upstream.url}/v1", api_key_env: KEY, models: { m: { price: { input: 1, output: 2 } } } }
budgets:
  all: { limit_usd: 10, period: month, hard_limit_action: block_all }
`,
    { env: { KEY: 'key-0123456789' } },
  );
  try {
    for (const stream of [false, true]) await (await policyd.chat('m', { stream, max_tokens: 50 })).arrayBuffer();
    await (await policyd.chat('m', {}, Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`a${n}`, '1'])))).arrayBuffer();
    served = await until(async () => {
      const text = await (await fetch(`${policyd.url}/metrics`)).text();
      return /^gen_ai_client_token_usage_count/m.test(text) && /^policyd_budget_usd\{/m.test(text) ? text : null;
    }, 'what was used');
  } finally {
    await policyd.stop();
    await upstream.stop();
  }
  names = readNames(served);
}, 120_000);

/** Every name that a sample may have, with the labels that it may have. */
function readNames(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    for (const part of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) found.set(name + part, new Set(DECLARED.get(name)));
  }
  for (const [, name, labels] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    for (const [, label] of labels.matchAll(/(\w+)="/g)) found.get(name)?.add(label);
  }
  return found;
}

/** What an expression asks for that no policyd has. */
function findUnknown(expr: string): string[] {
  const unknown: string[] = [];
  const plain = expr.replace(/\[[^\]]*\]/g, '');
  const asked = [...plain.matchAll(/([a-z]\w*)(?:\{([^}]*)\})?/g)].filter(([, name]) => /^(policyd|gen_ai|process|nodejs)_/.test(name));
  const grouped: string[] = [...plain.matchAll(/\b(?:by|on|ignoring|without) \(([^)]*)\)/g)].flatMap(([, list]) =>
    list.split(',').map((label) => label.trim()),
  );
  const labelled = new Set<string>();
  for (const [, name, matchers] of asked) {
    const labels = names.get(name);
    if (labels === undefined) {
      if (!grouped.includes(name)) unknown.push(name);
      continue;
    }
    for (const label of [...labels, ...ADDED]) labelled.add(label);
    for (const [, label, operator, value] of (matchers ?? '').matchAll(/(\w+)(=~|=|!=|!~)"([^"]*)"/g)) {
      if (!labels.has(label) && !ADDED.includes(label)) unknown.push(`${name}{${label}}`);
      if (value === '$instance' || label === 'status') continue;
      for (const word of operator.endsWith('~') ? value.split('|') : [value])
        if (!isSaid(word)) unknown.push(`${name}{${label}="${word}"}`);
    }
  }
  if (asked.length === 0) unknown.push('no metric at all');
  for (const label of grouped) if (label !== '' && !labelled.has(label)) unknown.push(`by (${label})`);
  return unknown;
}

const CATEGORIES = ['FAST', 'NORMAL', 'COMPLEX', 'HIGH_COMPLEX'];
const isSaid = (word: string): boolean =>
  CATEGORIES.includes(word) ||
  served.includes(`="${word}"`) ||
  SOURCES.some((text) => text.includes(`'${word}'`) || text.includes(`: ${word},`) || text.includes(`${word}:`));

test('the reader of expressions sees what is wrong in one', () => {
  for (const [expr, wrong] of [
    ['sum(rate(policyd_request_total[5m]))', 'policyd_request_total'],
    ['sum by (kind) (rate(policyd_requests_total[5m]))', 'by (kind)'],
    ['policyd_backend_up{name="x"}', 'policyd_backend_up{name}'],
    ['policyd_ledger_events_total{event=~"drift|drifted-away"}', 'policyd_ledger_events_total{event="drifted-away"}'],
    ['up == 0', 'no metric at all'],
  ] as const)
    expect(findUnknown(expr), expr).toContain(wrong);
});

describe('alerts', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s asks for what policyd serves, and says what to do', (_name, rule) => {
    expect(findUnknown(rule.expr)).toEqual([]);
    expect(['critical', 'warning', 'info']).toContain(rule.labels.severity);
    expect(rule.annotations.summary.length).toBeGreaterThan(10);
    expect(rule.annotations.remedy.length).toBeGreaterThan(10);
  });

  test('there is one for each objective', () => {
    const text = rules.map(({ expr }) => expr).join('\n');
    for (const metric of [
      'policyd_decision_seconds_bucket',
      'policyd_settled_usd_total',
      'policyd_observed_cost_violations_total',
      'policyd_fallbacks_total{category="HIGH_COMPLEX"}',
      'policyd_policy_verified_seconds',
      'policyd_backend_up',
    ])
      expect(text).toContain(metric);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;
  test.skipIf(!promtool)(`promtool accepts them${promtool ? '' : ' (not run: no promtool)'}`, () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});

describe('dashboards', () => {
  test('there are four, each panel once', () => {
    expect(boards.map(({ board }) => board.uid).sort()).toEqual([
      'policyd-gateway',
      'policyd-money',
      'policyd-orchestrator',
      'policyd-pool',
    ]);
    for (const { board } of boards) expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
  });

  test.each(
    boards.flatMap(({ board }) =>
      board.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [`${board.uid}: ${title}`, expr] as const)),
    ),
  )('%s asks for what policyd serves', (_title, expr) => {
    expect(findUnknown(expr)).toEqual([]);
  });
});

test('tokens and first tokens are told by the conventions for generative AI', () => {
  const line = (name: string, more: string): number =>
    Number(
      new RegExp(
        `^${name}\\{${more}gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="m".*\\} (\\S+)$`,
        'm',
      ).exec(served)?.[1],
    );
  expect(line('gen_ai_client_token_usage_count', '')).toBe(2);
  expect(line('gen_ai_server_time_to_first_token_seconds_count', '')).toBe(1);
  expect(line('gen_ai_server_time_to_first_token_seconds_sum', '')).toBeGreaterThan(0);
  expect(served).toMatch(/^policyd_settled_usd_total\{cost="actual"\} [0-9.e-]*[1-9]/m);
});
