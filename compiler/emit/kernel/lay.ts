import type { Live, Order } from '../../../schema/router.ts';
import type { TargetMetrics } from '../../../schema/snapshot.ts';
import type { AxisData, MeasuredFloor, RouterData } from './data.ts';

const DOWN = 1;
const FULL = 2;
const LOADING = 4;

/**
 * Builds what turns orders and states into the tables that `route` reads. In them a target stands at its rank: rank p of a rank class
 * is bit 31 − (p & 31) of word p >> 5, so that `clz32` of a mask finds the best. Off the request path, but for `mark` and `charge`,
 * which flip a few bits.
 */
export function buildLay(data: RouterData) {
  const { words, columns, axes, rankClasses } = data;
  const size = columns.length;
  const rows = axes.reduce((sum, axis) => sum + axis.rows, 0);
  const stride = rows * words;
  const slots = words * 32 + 1;
  const live = axes.find((axis) => axis.content.kind === 'live')!;
  const budget = axes.find((axis) => axis.content.kind === 'budget');
  const none = new Int32Array(rankClasses.length * words);

  const lay = (order: Order): Live => {
    const { snapshot } = order;
    const permutation = new Int32Array(rankClasses.length * slots).fill(-1);
    const ranks = new Int32Array(rankClasses.length * size);
    for (let r = 0; r < rankClasses.length; r++) {
      for (let rank = 0; rank < size; rank++) {
        const target = order.permutation[r * size + rank]!;
        permutation[r * slots + rank] = target;
        ranks[r * size + target] = rank;
      }
    }
    const tables: Live = {
      epoch: order.epoch,
      snapshot,
      masks: new Int32Array(rankClasses.length * stride),
      permutation,
      ranks,
      state: Uint8Array.from(snapshot.targets, (target) => target.state),
      budgets: Uint8Array.from(data.budgets, (_, row) => snapshot.budgets[row] ?? 0),
      soft: new Int32Array(Math.max(1, budget?.rows ?? 1)),
      loading: new Int32Array(words),
    };
    for (const axis of axes) layAxis(tables, axis);
    for (let target = 0; target < size; target++) mark(tables, target, tables.state[target]!);
    return tables;
  };

  const layAxis = (tables: Live, axis: AxisData): void => {
    const { content } = axis;
    for (let row = 0; row < axis.rows; row++) {
      if (content.kind === 'static' || content.kind === 'price') layRow(tables, axis.row + row, content.masks, row * words);
      else if (content.kind === 'measured') layRow(tables, axis.row + row, measure(tables.snapshot.targets, content.floors[row]!), 0);
    }
    if (content.kind === 'budget') layBudgets(tables, axis);
  };

  /** Natural mask (target t is bit 31 − (t & 31) of word t >> 5) to rank order, in every rank class. */
  const layRow = (tables: Live, row: number, natural: ArrayLike<number>, from: number): void => {
    for (let r = 0; r < rankClasses.length; r++) {
      const at = r * stride + row * words;
      for (let w = 0; w < words; w++) tables.masks[at + w] = 0;
      for (let w = 0; w < words; w++) {
        for (let mask = natural[from + w]! | 0; mask !== 0; ) {
          const bit = Math.clz32(mask);
          mask &= ~(0x80000000 >>> bit);
          const rank = tables.ranks[r * size + w * 32 + bit]!;
          tables.masks[at + (rank >> 5)]! |= 0x80000000 >>> (rank & 31);
        }
      }
    }
  };

  const measure = (targets: readonly TargetMetrics[], floor: MeasuredFloor): Int32Array => {
    const mask = new Int32Array(words);
    targets.forEach((target, row) => {
      if (meets(target, floor)) mask[row >> 5]! |= 0x80000000 >>> (row & 31);
    });
    return mask;
  };

  const layBudgets = (tables: Live, axis: AxisData): void => {
    if (axis.content.kind !== 'budget') return;
    axis.content.scopes.forEach((scope, row) => {
      const mask = new Int32Array(words).fill(-1);
      let soft = 0;
      for (const { budget: b, blocks } of scope) {
        if (tables.budgets[b]! >= 1) soft = -1;
        if (tables.budgets[b]! >= 2) for (let w = 0; w < words; w++) mask[w]! &= ~blocks[w]!;
      }
      tables.soft[row] = soft;
      if (size % 32 > 0) mask[words - 1]! &= ~(0xffffffff >>> (size % 32));
      layRow(tables, axis.row + row, mask, 0);
    });
  };

  const mark = (tables: Live, target: number, state: number): void => {
    tables.state[target] = state;
    const bit = 0x80000000 >>> (target & 31);
    if (state & LOADING) tables.loading[target >> 5]! |= bit;
    else tables.loading[target >> 5]! &= ~bit;
    for (let r = 0; r < rankClasses.length; r++) {
      const rank = tables.ranks[r * size + target]!;
      const at = r * stride + live.row * words + (rank >> 5);
      setBit(tables.masks, at, rank, (state & (DOWN | FULL)) === 0);
      setBit(tables.masks, at + words, rank, (state & DOWN) === 0);
    }
  };

  const charge = (tables: Live, row: number, status: number): void => {
    tables.budgets[row] = status;
    if (budget) layBudgets(tables, budget);
  };

  const exclude = (tables: Live, targets: readonly number[]): Int32Array => {
    if (targets.length === 0) return none;
    const masks = new Int32Array(none.length);
    for (let r = 0; r < rankClasses.length; r++) {
      for (const target of targets) {
        const rank = tables.ranks[r * size + target]!;
        masks[r * words + (rank >> 5)]! |= 0x80000000 >>> (rank & 31);
      }
    }
    return masks;
  };

  return { lay, mark, charge, exclude, none };
}

function setBit(masks: Int32Array, at: number, rank: number, on: boolean): void {
  const bit = 0x80000000 >>> (rank & 31);
  if (on) masks[at]! |= bit;
  else masks[at]! &= ~bit;
}

/** Expected latency = time to first token at the percentile + expected output tokens × time per token. */
const meets = (target: TargetMetrics, floor: MeasuredFloor): boolean =>
  target.error_rate_1h <= floor.maxErrorRate &&
  target.success_rate_24h >= floor.minSuccessRate &&
  target.avg_ttft_ms <= floor.maxTtft &&
  target.ttft_ms[floor.at] <= floor.firstToken &&
  target.ttft_ms[floor.at] + floor.expected * target.ms_per_token <= floor.total;
