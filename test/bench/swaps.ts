/**
 * Swaps of the router under load, by `PUT /v1/policy`, plain requests and streams going on. On this Node, and on each in
 * `SWAPS_NODES` (paths with colons between); `SWAPS` says how many.
 */
import type { Table } from '../../compiler/bench/table.ts';
import { swapUnderLoad, type SwapReport } from '../e2e/swap-under-load.ts';

const SWAPS = Number(process.env.SWAPS ?? 1_000);

export const bench = {
  name: 'swaps',
  async run(): Promise<Table> {
    const nodes = [process.execPath, ...(process.env.SWAPS_NODES?.split(':') ?? [])];
    const reports: SwapReport[] = [];
    for (const node of nodes) reports.push(await swapUnderLoad(SWAPS, node));
    return tabulate(reports);
  },
};

function tabulate(reports: readonly SwapReport[]): Table {
  const row = (what: string, show: (report: SwapReport) => string, bound: string): string[] => [what, ...reports.map(show), bound];
  const at = (ascending: readonly number[], share: number): string =>
    (ascending[Math.floor(ascending.length * share)] ?? Number.NaN).toFixed(1);
  return {
    title: `${SWAPS.toLocaleString('en-US')} swaps under load`,
    columns: ['', ...reports.map(({ node }) => node), 'bound'],
    rows: [
      row('plain requests, streams', ({ requests, streams }) => `${requests}, ${streams}`, ''),
      row('streams that a swap took place under', ({ spanned }) => String(spanned), ''),
      row('requests that failed, or mix two routers', ({ problems }) => String(problems.length), '0'),
      row('heap growth per swap, bytes', ({ grown }) => grown.toFixed(0), '< 1024'),
      row('first decision of a router, p50, µs', ({ first }) => at(first, 0.5), '< 10'),
      row('the same, p99, µs', ({ first }) => at(first, 0.99), ''),
      row('an ordinary decision, p50, µs', ({ ordinary }) => at(ordinary, 0.5), ''),
      row('the same, p95, µs', ({ ordinary }) => at(ordinary, 0.95), ''),
      row('upload to in force, p50, ms', ({ took }) => at(took, 0.5), ''),
      row('the same, p99, ms', ({ took }) => at(took, 0.99), ''),
    ],
    notes: [
      'Two routers take turns, each swap with a hash of its own, one after the other without a pause; six callers ask for plain answers, four for streams that last longer than a swap. Every answer is checked: the hash in its header, the backend in its header and the model name that came back must be of one router. Heap: after collections, asked of the process before and after. Load, backends and the server share the machine.',
      ...reports.flatMap(({ node, problems }) => problems.map((problem) => `${node}: ${problem}`)),
    ],
  };
}
