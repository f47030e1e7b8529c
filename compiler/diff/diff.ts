import { type MetricsSnapshot, UNMEASURED } from '../../schema/snapshot.ts';
import type { Endpoint } from '../../schema/vocabulary.ts';
import { compareNames } from './compare-names.ts';
import type { Bench, Stand } from './compare-request.ts';
import { compareTokens, putBoth, sampleOf, type SampleDifference } from './compare-tokens.ts';
import { type Content, contentOf, createInterner } from './content.ts';
import { type Joint, join } from './joint.ts';
import { makeProbes } from './probes.ts';
import { type RecordedRequest, weighRecorded } from './recorded.ts';
import { findRenames, type Renames } from './renames.ts';
import type { Side } from './side.ts';
import { seededRandom, strideOver } from './spread.ts';
import { compareSettings, type SettingChange } from './settings.ts';
import { type DiffClass, type PolicyPair, Sorter } from './sorter.ts';
import { findTasks, type Task } from './tasks.ts';

/** What becomes different between two policies. */
export interface PolicyDiff {
  readonly old: { readonly label: string; readonly hash: string | null };
  readonly now: { readonly label: string; readonly hash: string | null };
  /** Classes of requests whose decisions change, the gravest first. */
  readonly classes: readonly DiffClass[];
  /** What changes beside decisions. */
  readonly settings: readonly SettingChange[];
  readonly renames: Renames;
  /** Kinds of requests: name × caller × endpoint × task × capabilities × flexibility. */
  readonly kinds: { readonly all: number; readonly compared: number; readonly changed: number };
  /** What was sampled instead of taken whole; empty = nothing. */
  readonly sampled: readonly string[];
}

/** Bound on the combinations of name, caller and category that are looked at. */
const MOST_COMBINATIONS = 500_000;
/** Bound on the work of comparing, in rungs of ladders: 3 million take about a second. */
const MOST_WORK = 3_000_000;

/**
 * Everything that two policies decide differently, for every class of requests that either can tell apart, in any state; with `recorded`
 * requests, how many of them each class has.
 */
export function diff(old: Side, now: Side, recorded: Iterable<RecordedRequest> | null = null): PolicyDiff {
  const comparison = openComparison(old, now);
  const { bench, renames } = comparison;
  const sorter = new Sorter(bench, renames);
  compareNames(bench, renames, sorter);
  const { kinds, sampled } = walk(comparison, sorter);
  const unknown = recorded === null ? 0 : weighRecorded(bench, sorter, recorded);
  if (unknown > 0) sampled.push(`${unknown} recorded requests are of callers or models that not both policies know`);
  return {
    old: { label: old.label, hash: old.hash },
    now: { label: now.label, hash: now.hash },
    classes: sorter.classes(),
    settings: compareSettings(old, now, renames),
    renames,
    kinds,
    sampled: [...comparison.sampled, ...sampled],
  };
}

/** Two sides, ready to be asked. */
export interface Comparison {
  readonly bench: Bench;
  readonly renames: Renames;
  readonly content: { readonly old: Content; readonly now: Content };
  readonly sampled: readonly string[];
}

export function openComparison(old: Side, now: Side): Comparison {
  const renames = findRenames(old, now);
  const joint = join(old, now, renames);
  const intern = createInterner();
  const content = { old: contentOf(old, intern, renames), now: contentOf(now, intern, null) };
  const { probes, sampled } = makeProbes(old, now, joint, seededRandom(0x2545f491));
  const bench = { old: standOf(old, joint.oldTargets), now: standOf(now, joint.nowTargets), joint, probes, work: { rungs: 0 } };
  const searched =
    old.set === null || now.set === null ? ['an artifact does not hold its thresholds on tokens: they were searched for'] : [];
  return { bench, renames, content, sampled: [...searched, ...sampled] };
}

function standOf(side: Side, rows: Int32Array): Stand {
  const { router, targets, budgets } = side;
  const rest: MetricsSnapshot = { epoch: 1, targets: targets.map(() => UNMEASURED), budgets: budgets.map(() => 0) };
  const live = router.lay(router.rank(rest));
  return { side, live, without: targets.map((_, row) => router.exclude(live, [row])), rows, thresholds: new Map() };
}

/** What one combination comes to, remembered for all combinations that mean the same on both sides. */
interface Finding {
  readonly required: number;
  readonly flexible: boolean;
  readonly differences: readonly SampleDifference[];
}

/** Visits the combinations evenly, so that a bound on their number, or on the work, leaves a sample. */
function walk({ bench, content }: Comparison, sorter: Sorter): { kinds: PolicyDiff['kinds']; sampled: string[] } {
  const { old, now, joint } = bench;
  const kinds = { all: 0, compared: 0, changed: 0 };
  if (joint.names.length === 0 || joint.callers.length === 0) return { kinds, sampled: [] };
  const tasks = findTasks(old.side, now.side, joint);
  const governed = groupByCategory(tasks, content);
  const { names, callers, endpoints } = joint;
  const all = names.length * callers.length;
  const most = Math.min(all, Math.ceil(MOST_COMBINATIONS / governed.length));
  const step = strideOver(all);
  const isSameWorld = content.old.world === content.now.world;
  const scopes = callers.map((_, row) => scopeOf(bench, row));
  const variants = { chat: variantsOf(joint, 'chat'), embeddings: variantsOf(joint, 'embeddings') };
  const knowEndpoint = matchesEndpoints(old.side) || matchesEndpoints(now.side);
  const known = new Map<string, readonly Finding[]>();
  let left = 0;
  for (let turn = 0; turn < most; turn++) {
    const at = (turn * step) % all;
    const name = names[at % names.length];
    const caller = Math.floor(at / names.length);
    for (const group of governed) {
      const [{ task: first }] = group;
      const govern = (endpoint: Endpoint): Governed => {
        const sample = sampleOf(
          bench,
          { name, caller, endpoint, task: first, ...variants[endpoint][0] },
          first.pieces[0],
          first.pieces[0].low,
          null,
        );
        const [before, after] = putBoth(bench, sample);
        return {
          models: [content.old.models[before.model], content.now.models[after.model]],
          meanings: [content.old.policies[before.policy], content.now.policies[after.policy]],
          policies: { old: old.side.policies[before.policy], now: now.side.policies[after.policy] },
        };
      };
      let by = govern('chat');
      for (const endpoint of endpoints) {
        if (endpoint !== 'chat' && knowEndpoint) by = govern(endpoint);
        const { models, meanings, policies } = by;
        const isSame = isSameWorld && models[0] === models[1] && meanings[0] === meanings[1];
        const inner = variants[endpoint];
        for (const { task, row, isSameTask } of group) {
          if (endpoint === 'embeddings' && task.hasTools) continue;
          kinds.all += inner.length;
          kinds.compared += inner.length;
          if (isSame && isSameTask) continue;
          const key = `${models} ${meanings} ${row} ${endpoint} ${scopes[caller]}`;
          let findings = known.get(key);
          if (!findings) {
            if (bench.work.rungs > MOST_WORK) {
              left += inner.length;
              kinds.compared -= inner.length;
              continue;
            }
            findings = inner.map((variant) => ({
              ...variant,
              differences: compareTokens(bench, { name, caller, endpoint, task, ...variant }),
            }));
            known.set(key, findings);
          }
          for (const { differences } of findings) {
            if (differences.length > 0) kinds.changed++;
            for (const found of differences) sorter.add(policies, { ...found.sample, name, caller }, found.difference);
          }
        }
      }
    }
  }
  const sampled = [
    ...(most < all ? [`names × callers: ${most} of ${all} combinations`] : []),
    ...(left > 0 ? [`kinds of requests: ${kinds.compared} of ${kinds.all}, spread evenly`] : []),
  ];
  return { kinds, sampled };
}

/** What governs a request, before and now: rows as their content. */
interface Governed {
  readonly models: readonly [number, number];
  readonly meanings: readonly [number, number];
  readonly policies: PolicyPair;
}

/** May a policy hold for one endpoint and not for another? Of an artifact that isn't known. */
const matchesEndpoints = ({ set }: Side): boolean => set === null || set.policies.some(({ match }) => match.endpoint !== null);

interface GovernedTask {
  readonly task: Task;
  readonly row: number;
  /** Category and class mean the same on both sides. */
  readonly isSameTask: boolean;
}

/** Which policy governs a request depends on its category, of all that its task is: one look is enough for all tasks of one. */
function groupByCategory(tasks: readonly Task[], content: Comparison['content']): (readonly GovernedTask[])[] {
  const groups = new Map<string, GovernedTask[]>();
  for (const [row, task] of tasks.entries()) {
    const { old, now } = task;
    const isSameTask =
      content.old.categories[old[0]] === content.now.categories[now[0]] && content.old.classes[old[1]] === content.now.classes[now[1]];
    const key = `${old[0]} ${now[0]}`;
    groups.set(key, [...(groups.get(key) ?? []), { task, row, isSameTask }]);
  }
  return [...groups.values()];
}

function variantsOf({ required, flexible }: Joint, endpoint: Endpoint): { required: number; flexible: boolean }[] {
  const sets = endpoint === 'embeddings' ? [0] : required;
  return sets.flatMap((bits) => flexible.map((yes) => ({ required: bits, flexible: yes })));
}

/** The budgets that tell this caller from others. */
function scopeOf({ old, now, joint }: Bench, caller: number): string {
  return ([old, now] as const)
    .map(({ side }, at) => {
      const row = at === 0 ? joint.callers[caller].old : joint.callers[caller].now;
      if (side.budgets.length === 0) return '';
      if (side.set === null) return String(row);
      const { team } = side.set.callers[row];
      return side.set.budgets.map(({ scope }) => Number((scope.key ?? row) === row && (scope.team ?? team) === team)).join('');
    })
    .join();
}
