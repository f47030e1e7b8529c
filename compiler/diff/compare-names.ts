import type { Bench } from './compare-request.ts';
import type { Renames } from './renames.ts';
import type { SideCaller } from './side.ts';
import type { Sorter, Witness } from './sorter.ts';

/** Names and callers that only one side knows: requests that are refused before there is anything to decide. */
export function compareNames({ old: { side: old }, now: { side: now }, joint }: Bench, _renames: Renames, sorter: Sorter): void {
  const key = joint.callers[0]?.key ?? null;
  const without = (mine: readonly string[], theirs: readonly string[]): string[] => mine.filter((name) => !theirs.includes(name)).sort();
  const gone = without(old.names, now.names);
  const fresh = without(now.names, old.names);
  if (gone.length > 0) sorter.tell('name', 'tightens', gone, [], witnessOf(gone[0], key, {}));
  if (fresh.length > 0) sorter.tell('name', 'loosens', fresh, [], witnessOf(fresh[0], key, {}));

  const name = now.names[0] ?? old.names[0] ?? '';
  const hint = (header: string, mine: readonly string[], theirs: readonly string[]): void => {
    for (const word of without(mine, theirs)) {
      const direction = mine === now.categories || mine === now.classes ? 'loosens' : 'tightens';
      sorter.tell('name', direction, [`${header}: ${word}`], [], witnessOf(name, key, { [header]: word }));
    }
  };
  hint('X-Nexus-Category', old.categories, now.categories);
  hint('X-Nexus-Class', old.classes, now.classes);
  hint('X-Nexus-Category', now.categories, old.categories);
  hint('X-Nexus-Class', now.classes, old.classes);

  if (old.callers.length === 0 && now.callers.length > 0) sorter.tell('caller', 'tightens', [], ['none'], witnessOf(name, null, {}));
  else if (now.callers.length === 0 && old.callers.length > 0) sorter.tell('caller', 'loosens', [], ['none'], witnessOf(name, null, {}));
  else {
    for (const caller of unknownTo(old.callers, now.callers)) sorter.tell('caller', 'tightens', [], [caller], witnessOf(name, caller, {}));
    for (const caller of unknownTo(now.callers, old.callers)) sorter.tell('caller', 'loosens', [], [caller], witnessOf(name, caller, {}));
  }
}

/** Names of the callers whose key the others don't know. */
function unknownTo(callers: readonly SideCaller[], others: readonly SideCaller[]): string[] {
  const known = new Set(others.map(({ sha256 }) => sha256));
  return callers.filter(({ sha256 }) => !known.has(sha256)).map(({ name }) => name);
}

const witnessOf = (model: string, key: string | null, headers: Record<string, string>): Witness => ({
  endpoint: 'chat',
  request: { model, messages: [{ role: 'user', content: 'hi' }] },
  headers,
  key,
  tokens: 8,
  given: {},
  old: null,
  now: null,
});
