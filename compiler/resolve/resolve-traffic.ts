import type { TrafficEntry } from '../../schema/policy.ts';
import type { Match, TrafficPolicy } from '../../schema/policy-set.ts';
import type { Named } from '../parse/merge.ts';
import { spotAt } from '../parse/spot-at.ts';
import { checkGlobs } from './candidates.ts';
import { commentOf } from './comment-of.ts';
import type { Desk, Register } from './desk.ts';
import { NOWHERE } from './nowhere.ts';
import { reportDuration } from './report-duration.ts';
import { micros, pico, readDuration } from './units.ts';

const EVERYTHING: Match = { model: null, key: null, team: null, label: null, category: null, endpoint: null };

/** What a policy may refer to. */
export interface Referable {
  readonly slaRows: Register;
  readonly categoryRows: Register;
  readonly callerRows: Register;
}

/** Traffic policies in declared order; one with a fault is left out, its name stays known. */
export function resolveTraffic(known: Referable, policyRows: Register, desk: Desk): readonly TrafficPolicy[] {
  const policies: TrafficPolicy[] = [];
  for (const named of desk.sections.traffic) {
    const policy = named.broken ? null : resolvePolicy(named, known, desk);
    if (policy === null) {
      policyRows.hide(named.name);
      continue;
    }
    policyRows.add(named.name, policies.length);
    policies.push(policy);
  }
  policies.push({
    name: 'everything-else',
    implicit: true,
    match: EVERYTHING,
    privacy: 'unrestricted',
    minTier: 1,
    maxCost: null,
    fallbackAllowed: true,
    sla: null,
    maxErrorRate: null,
    minSuccessRate: null,
    maxTtft: null,
    comment: null,
    place: NOWHERE,
  });
  return policies;
}

function resolvePolicy(named: Named<TrafficEntry>, known: Referable, desk: Desk): TrafficPolicy | null {
  const { name, entry, tree } = named;
  const faults = desk.diagnostics.length;
  const match = resolveMatch(named, known, desk);
  const sla = entry.sla === undefined ? null : known.slaRows.find(entry.sla, spotAt(tree, 'sla'), desk);
  const maxTtft =
    entry.max_ttft === undefined ? null : (readDuration(entry.max_ttft) ?? reportDuration(spotAt(tree, 'max_ttft'), entry.max_ttft, desk));
  if (match === null || (entry.sla !== undefined && sla === null) || desk.diagnostics.length > faults) return null;
  return {
    name,
    implicit: false,
    match,
    privacy: entry.privacy ?? 'unrestricted',
    minTier: entry.min_tier ?? 1,
    maxCost: entry.max_cost_per_request === undefined ? null : pico(entry.max_cost_per_request),
    fallbackAllowed: entry.fallback_allowed ?? true,
    sla,
    maxErrorRate: entry.max_error_rate === undefined ? null : micros(entry.max_error_rate),
    minSuccessRate: entry.min_success_rate === undefined ? null : micros(entry.min_success_rate),
    maxTtft,
    comment: commentOf(tree, desk.policy),
    place: tree.place,
  };
}

/** Null where a part of it means nothing: the policy would then match more than its author wrote. */
function resolveMatch({ entry, tree }: Named<TrafficEntry>, known: Referable, desk: Desk): Match | null {
  const { match } = entry;
  if (match === undefined) return EVERYTHING;
  const model = match.model === undefined ? null : checkGlobs(match.model, tree, ['match', 'model'], null, desk);
  const rows = (key: 'key' | 'category', register: Register): (number | null)[] | null =>
    match[key] === undefined ? null : [match[key]].flat().map((name, i) => register.find(name, spotAt(tree, 'match', key, i), desk));
  const keys = rows('key', known.callerRows);
  const category = rows('category', known.categoryRows);
  if ((match.model !== undefined && model === null) || keys?.includes(null) || category?.includes(null)) return null;
  return {
    model,
    key: match.key === undefined ? null : [match.key].flat(),
    team: match.team === undefined ? null : [match.team].flat(),
    label: match.label === undefined ? null : { ...match.label },
    category: category as number[] | null,
    endpoint: match.endpoint === undefined ? null : [match.endpoint].flat(),
  };
}
