import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Fault } from '../../build/plant-faults.ts';

const at = (file: string) => `compiler/${file}.ts`;
const REACH = at('prove/invariants/reach');
const CHOOSE = at('prove/invariants/choose');
const CLAUSE = at('prove/invariants/clause');
const AMOUNTS = at('prove/invariants/amounts');
const KINDS = at('prove/invariants/kinds');
const PROVE = at('prove/invariants/prove-invariants');
const GOVERNANCE = at('analyze/governance');

const FAULTS: readonly Fault[] = [
  ['privacy is not looked at', REACH, "(policy.privacy !== 'restricted' || set.backends[backend].zone === 'restricted') &&", ''],
  ['a tier below is never reached', REACH, '|| (flexible && policy.fallbackAllowed)', ''],
  ['tiers are not looked at', REACH, '(tier >= policy.minTier ||', '(true ||'],
  ['fallbacks are forgotten', REACH, 'policy.fallbackAllowed ? chain : chain.slice(0, 1)', 'chain.slice(0, 1)'],
  ['fallbacks are always allowed', REACH, 'policy.fallbackAllowed ? chain : chain.slice(0, 1)', 'chain'],
  ['capabilities are not looked at', REACH, '(required & ~capabilities) === 0 &&', ''],
  ['classes narrow nothing', REACH, '(!virtual || narrowed === null || narrowed.includes(row)) &&', ''],
  ['strict floors are relaxed', REACH, 'category.strict ? floorOf', 'false ? floorOf'],
  ['every floor is strict', REACH, 'category.strict ? floorOf', 'true ? floorOf'],
  ['a budget at its limit blocks nothing', CHOOSE, "if (status !== 'HardLimit' ||", "if (status !== 'SoftLimit' ||"],
  ['block_cloud blocks all', CHOOSE, "hardLimitAction === 'block_cloud' &&", 'false &&'],
  ['a given `down` is up', CHOOSE, 'given.down?.includes(target) !== true', 'true'],
  ['a given state is any', CHOOSE, 'const isOpen = given.down === null || given.full === null;', 'const isOpen = true;'],
  ['an open state is given whole', CHOOSE, 'given.down === null || given.full === null;', 'false;'],
  ['nobody is ever rejected', CHOOSE, 'if (given.down === null) return true;', 'return false;'],
  ['`always` denies nothing', CLAUSE, 'filter((row) => !held.has(row))', 'filter((row) => held.has(row))'],
  ['<= is denied by >=', CLAUSE, "'<=': ['>']", "'<=': ['<']"],
  ['> from the number itself', CLAUSE, "'>': { low: value + 1,", "'>': { low: value + 1e6,"],
  ['`needs` is `needs_only`', CLAUSE, "if (fact.of === 'some')", "if (fact.of === 'only')"],
  ['`always` is about rejections, too', CLAUSE, 'rows: [0, 1], place', 'rows: [0, 1, 2], place'],
  ['contexts are not looked at', AMOUNTS, 'input + output > context) return false;', 'false) return false;'],
  [
    'caps on the estimate are not looked at',
    AMOUNTS,
    'Math.min(expected, output) * answers) <= costCap;',
    'Math.min(expected, output) * answers) <= 1e99;',
  ],
  ['a category caps no output', AMOUNTS, 'high: maxOutputTokens ?? MOST_TOKENS', 'high: MOST_TOKENS'],
  ['one answer at most', AMOUNTS, 'MOST_ANSWERS = 128', 'MOST_ANSWERS = 1'],
  ['output is free', AMOUNTS, 'BigInt(output) * BigInt(down)', '0n'],
  ['the implicit category is never reached', KINDS, 'return free.category && !whole ?', 'return free.category ? [] : false ?'],
  ['what is hidden is not there', KINDS, 'free.category && !whole', 'false'],
  ['every way is there without a hint', KINDS, 'found\n      .filter(', 'found\n      .slice(0, 0).filter('],
  ['a doubt is a proof', PROVE, 'if (unclear) doubt ??= { clause, uncounted };', ''],
  ['only the first clause counts', PROVE, 'cells += looked;', 'cells += looked; if (cells > 0) break;'],
  [
    'vacuous is what has any `when`',
    PROVE,
    'if (invariant.when.length === 0) return false;',
    'if (invariant.when.length > 0) return true;',
  ],
  ['the last match wins', GOVERNANCE, 'if (owners[point] < 0) owners[point] = policy;', 'if (owners[point] < 1e9) owners[point] = policy;'],
  ['labels match nobody', GOVERNANCE, 'caller.labels[name] === value', 'false'],
  ['teams match everybody', GOVERNANCE, '(caller.team !== null && team.includes(caller.team))', 'true'],
  ['a policy that rejects all is none', at('analyze/rules/unsatisfiable'), '!met.has(0);', 'met.has(0);'],
  ['restricted is no obstacle', at('analyze/obstacles'), "privacy: privacy === 'restricted' &&", 'privacy: false &&'],
  ['tiers are no obstacle', at('analyze/obstacles'), 'tier: tier < minTier', 'tier: false'],
  ['equal is cheaper', at('analyze/rules/dominated'), '(better.quality > worse.quality || cheapest < 0) &&', ''],
  ['cheaper is better, however bad', at('analyze/rules/dominated'), 'better.quality >= worse.quality &&', ''],
  ['aliases are not compared', at('analyze/rules/looser-alias'), 'names.length > 1);', 'names.length > 9);'],
  ['costs escape', at('analyze/rules/looser-alias'), '-(maxCost ?? Number.POSITIVE_INFINITY)', '0'],
  ['urls differ', at('analyze/rules/same-url'), 'first.get(backend.url)', 'first.get(backend.name)'],
  ['other demands are the same', at('analyze/rules/redundant'), 'demandsOf(other) !== demandsOf(policy)', 'false'],
  ['the implicit policy makes others redundant', at('analyze/rules/redundant'), 'other.implicit ||', ''],
  ['a context of twice the output', at('analyze/rules/small-context'), 'context > assumed', 'context > 4 * assumed'],
  [
    'tools are everywhere',
    at('analyze/rules/missing-capability'),
    'const needsTools = when.tools !== null &&',
    'const needsTools = false &&',
  ],
  [
    'empty classes are full',
    at('analyze/rules/empty-candidates'),
    'virtual && candidates.length === 0',
    'virtual && candidates.length < 0',
  ],
];

/** A process of its own, without the test runner's transforms: each fault is a copy of the compiler that is loaded anew. */
test('every fault planted in the rules or in the proof of invariants is seen by the corpus or by the claims', () => {
  const script = fileURLToPath(new URL('../../build/plant-faults.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { input: JSON.stringify(FAULTS), encoding: 'utf8' });
  expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual({ unharmed: false, survivors: [] });
}, 240_000);
