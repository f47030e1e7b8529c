import type { RouterData } from './data.ts';

/** Entries of the table of answers; a policy that would need more is walked on every request. */
const MOST_ANSWERS = 1 << 20;

/**
 * Builds what finds the policy that governs a request: the first of a name's list that matches caller, category and endpoint. Callers
 * whom all policies treat alike are one class, categories too, and every combination of classes is walked once and then remembered:
 * the time does not depend on the number of policies, and nothing jumps on who is asking.
 */
export function buildGovern(data: RouterData): (list: number, caller: number, category: number, endpoint: number) => number {
  const { policies, lists, sets } = data;
  const size = Math.max(data.callers, data.categories.length);
  const allowed = sets.map((rows) => {
    const set = new Uint8Array(size);
    for (const row of rows) set[row] = 1;
    return set;
  });
  const walk = (list: number, caller: number, category: number, endpoint: number): number => {
    for (const row of lists[list]!) {
      const { callers, categories, endpoints } = policies[row]!;
      if (
        (callers < 0 || allowed[callers]![caller] === 1) &&
        (categories < 0 || allowed[categories]![category] === 1) &&
        ((endpoints >>> endpoint) & 1) === 1
      )
        return row;
    }
    throw new Error(`no policy governs list ${list}`);
  };
  const callers = classesOf(data.callers, sets, new Set(policies.map((policy) => policy.callers)));
  const categories = classesOf(data.categories.length, sets, new Set(policies.map((policy) => policy.categories)));
  const answers = lists.length * callers.count * categories.count * 2;
  if (answers > MOST_ANSWERS) return walk;

  const callerAt = callers.classes.map((row) => row * categories.count * 2);
  const categoryAt = categories.classes.map((row) => row * 2);
  const stride = callers.count * categories.count * 2;
  const known = new Int32Array(answers).fill(-1);
  return (list, caller, category, endpoint) => {
    const at = list * stride + callerAt[caller]! + categoryAt[category]! + endpoint;
    const row = known[at]!;
    if (row >= 0) return row;
    known[at] = walk(list, caller, category, endpoint);
    return known[at]!;
  };
}

/** Rows that are in the same sets are one class. */
function classesOf(size: number, sets: RouterData['sets'], used: ReadonlySet<number>) {
  const keys = new Array<string>(size).fill('');
  for (const set of used) for (const row of sets[set] ?? []) keys[row] += `${set} `;
  const rows = new Map<string, number>();
  const classes = new Int32Array(size);
  keys.forEach((key, row) => {
    if (!rows.has(key)) rows.set(key, rows.size);
    classes[row] = rows.get(key)!;
  });
  return { classes, count: rows.size };
}
