import type { AxisData, RouterData } from './data.ts';

/**
 * The same tables without the constraints that may be observed first: no cap of cost, no floor of quality, declared or measured, and no SLA
 * keeps a target out. Models, capabilities, privacy, tiers, budgets and states are as they were, and so are the orders.
 */
export function loosen(data: RouterData): RouterData {
  const all = Array.from({ length: data.words }, (_, word) => {
    const bits = Math.min(32, data.columns.length - word * 32);
    return bits === 32 ? -1 : ~(0xffffffff >>> bits);
  });
  return {
    ...data,
    policies: data.policies.map((policy) => ({ ...policy, maxCost: Number.POSITIVE_INFINITY, sla: null })),
    categories: data.categories.map((category) => ({ ...category, maxCost: Number.POSITIVE_INFINITY, sla: null, minQuality: null })),
    axes: data.axes.map((axis) => (axis.role === 'quality floor' ? { ...axis, content: loosenFloor(axis, all) } : axis)),
  };
}

function loosenFloor({ content, rows }: AxisData, all: readonly number[]): AxisData['content'] {
  if (content.kind === 'static') return { ...content, masks: Array.from({ length: rows }, () => all).flat() };
  if (content.kind !== 'measured') return content;
  const none = Number.POSITIVE_INFINITY;
  const floors = content.floors.map(({ at, expected }) => {
    return { maxErrorRate: none, minSuccessRate: 0, maxTtft: none, firstToken: none, total: none, at, expected };
  });
  return { kind: 'measured', floors };
}
