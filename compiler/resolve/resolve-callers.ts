import type { Caller, Rate, RateLimits } from '../../schema/policy-set.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Spot } from '../parse/tree.ts';
import { type Desk, Register } from './desk.ts';
import { NOWHERE } from './nowhere.ts';
import { readRate } from './units.ts';

/** Callers by key; two keys with one hash would be one caller with two names. */
export function resolveCallers(desk: Desk): { readonly callers: readonly Caller[]; readonly callerRows: Register } {
  const callerRows = new Register('key');
  const callers: Caller[] = [];
  const hashes = new Map<string, { name: string; spot: Spot }>();
  for (const { name, entry, tree, spot, broken } of desk.sections.keys) {
    if (broken) {
      callerRows.hide(name);
      continue;
    }
    const faults = desk.diagnostics.length;
    const sha256 = entry.sha256.toLowerCase();
    const first = hashes.get(sha256);
    if (first !== undefined) {
      desk.report(
        'duplicate-name',
        spotAt(tree, 'sha256'),
        `keys \`${name}\` and \`${first.name}\` have the same hash`,
        'make a key of its own with `policyc keys new`',
        [{ message: `\`${first.name}\` is defined here`, place: first.spot.place }],
      );
    } else hashes.set(sha256, { name, spot });
    for (const kind of ['requests', 'tokens'] as const) {
      const rate = entry.rate?.[kind];
      if (rate !== undefined && readRate(rate) === null) {
        desk.report(
          'bad-unit',
          spotAt(tree, 'rate', kind),
          `\`${rate}\` lets nothing through`,
          'write it like this: `600/min` or `2M/min`',
        );
      }
    }
    if (desk.diagnostics.length > faults) {
      callerRows.hide(name);
      continue;
    }
    callerRows.add(name, callers.length);
    callers.push({
      name,
      implicit: false,
      sha256,
      team: entry.team ?? null,
      labels: { ...entry.labels },
      scopes: entry.scopes ?? ['llm:invoke'],
      rate: { requests: rateOf(entry.rate?.requests), tokens: rateOf(entry.rate?.tokens) },
      place: spot.place,
    });
  }
  callers.push({
    name: 'none',
    implicit: true,
    sha256: '',
    team: null,
    labels: {},
    scopes: ['llm:invoke'],
    rate: UNLIMITED,
    place: NOWHERE,
  });
  return { callers, callerRows };
}

const UNLIMITED: RateLimits = { requests: null, tokens: null };

const rateOf = (text: string | undefined): Rate | null => (text === undefined ? null : readRate(text));
