import type { GivenState } from './probes.ts';
import type { SideTarget } from './side.ts';

/** Names a state shortly, as people would: a backend where all its targets are alike. */
export function nameState(state: GivenState, targets: readonly SideTarget[]): GivenState {
  const { down, metrics, budgets } = state;
  const known = new Set(targets.map(({ name }) => name));
  const shortly = <Value>(values: ReadonlyMap<string, Value>): [string, Value][] => {
    const named: [string, Value][] = [];
    for (const backend of new Set(targets.map((target) => target.backend))) {
      const own = targets.filter((target) => target.backend === backend);
      const texts = new Set(own.map(({ name }) => JSON.stringify(values.get(name))));
      const [first] = own;
      if (texts.size === 1 && values.has(first.name)) named.push([backend, values.get(first.name)!]);
      else for (const { name } of own) if (values.has(name)) named.push([name, values.get(name)!]);
    }
    return named;
  };
  const of = <Value>(entries: Iterable<readonly [string, Value]>): Map<string, Value> =>
    new Map([...entries].filter(([name]) => known.has(name)));
  return {
    ...(down ? { down: shortly(of(down.map((name) => [name, true]))).map(([name]) => name) } : {}),
    ...(budgets ? { budgets } : {}),
    ...(metrics ? { metrics: Object.fromEntries(shortly(of(Object.entries(metrics)))) } : {}),
  };
}
