import type { Intent } from '../../../schema/intent.ts';
import type { Live } from '../../../schema/router.ts';
import type { RouteReason } from '../../../schema/vocabulary.ts';
import type { RouterData } from './data.ts';

type Route = (intent: Intent, live: Live, excluded: Int32Array) => number;

const FULL_CODE = 1 << 19;
const LINK_SHIFT = 20;

/** Builds what asks `route` more than once: the fallback chain, the question whether only fullness is in the way, the reason. */
export function buildDecide(data: RouterData, route: Route, bind: (intent: Intent) => void) {
  const { models, names, policies, words } = data;
  const live = data.axes.find((axis) => axis.content.kind === 'live')!;
  const upOffset = (live.row + 1) * words;
  const privacy = data.axes.find((axis) => axis.axis === 'privacy');
  const openOffset = privacy ? unrestrictedOffset(data) : 0;

  const chains = names.map(({ model }) => models[model]!.chain);
  const falls = Uint8Array.from(policies, ({ fallback }) => Number(fallback));
  const chainOf = (intent: Intent): readonly number[] => {
    const chain = chains[intent.name]!;
    return falls[intent.policy] === 1 ? chain : chain.slice(0, 1);
  };
  const bindLink = (intent: Intent, link: number, model: number): void => {
    intent.link = link;
    intent.model = model;
    bind(intent);
  };

  const decide: Route = (intent, tables, excluded) => {
    const chain = chains[intent.name]!;
    const links = falls[intent.policy] === 1 ? chain.length : 1;
    for (let link = 0; link < links; link++) {
      if (intent.link !== link) bindLink(intent, link, chain[link]!);
      const code = route(intent, tables, excluded);
      if (code >= 0) return code | (link << LINK_SHIFT);
    }
    for (let link = 0; link < links; link++) {
      bindLink(intent, link, chain[link]!);
      const code = routeAs(intent, 'live', upOffset, tables, excluded);
      if (code >= 0) return code | FULL_CODE | (link << LINK_SHIFT);
    }
    bindLink(intent, 0, chain[0]!);
    return -1;
  };

  /** What `route` would say if the intent stood at another row of one axis. */
  const routeAs = (intent: Intent, axis: string, offset: number, tables: Live, excluded: Int32Array): number => {
    const own = intent.at[axis]!;
    intent.at[axis] = offset;
    const code = route(intent, tables, excluded);
    intent.at[axis] = own;
    return code;
  };

  const reason = (intent: Intent, tables: Live, excluded: Int32Array, code: number, attempts: number): RouteReason => {
    if (attempts > 0 || intent.link > 0) return 'failover';
    const target = code & 0xffff;
    const differs = (other: number): boolean => other >= 0 && (other & 0xffff) !== target;
    if (privacy && differs(routeAs(intent, 'privacy', openOffset, tables, excluded))) return 'privacy-requirement';
    if (tables.soft[intent.at.scope!] !== 0) {
      const own = tables.soft[intent.at.scope!]!;
      tables.soft[intent.at.scope!] = 0;
      const other = route(intent, tables, excluded);
      tables.soft[intent.at.scope!] = own;
      if (differs(other)) return 'budget-soft-limit';
    }
    if (differs(routeAs(intent, 'live', upOffset, tables, excluded))) return 'capacity-overflow';
    return 'capability-match';
  };

  return { decide, reason, routeAs, chainOf, bindLink, upOffset };
}

/** Offset of the row that keeps every target; the implicit policy has one. */
function unrestrictedOffset(data: RouterData): number {
  const axis = data.axes.find(({ axis }) => axis === 'privacy')!;
  if (axis.content.kind !== 'static') return 0;
  const counts = Array.from({ length: axis.rows }, (_, row) =>
    (axis.content as { masks: readonly number[] }).masks
      .slice(row * data.words, (row + 1) * data.words)
      .reduce((sum, mask) => sum + countOnes(mask), 0),
  );
  return (axis.row + counts.indexOf(data.columns.length)) * data.words;
}

function countOnes(mask: number): number {
  let ones = 0;
  for (let rest = mask | 0; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}
