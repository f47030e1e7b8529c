import { countDescriptors, type SoakReport } from './run-soak.ts';
import type { Held } from './watched-process.ts';

/** What a soak saw, as Markdown. */
export function writeReport(report: SoakReport): string {
  const { requests, ms, ends, held, before, after, counts, faults, watched, told, books, accounts } = report;
  const thousands = (value: number): string => value.toLocaleString('en-US');
  const dollars = (nanos: number): string => `$${(nanos / 1e9).toFixed(3)}`;
  const times = [...held.filter((_, at) => at % Math.ceil(held.length / 12) === 0), after];
  return [
    table(
      ['what', 'how many'],
      [
        [
          'requests',
          `${thousands(requests)} in ${(ms / 60_000).toFixed(1)} minutes, ${thousands(Math.round(requests / (ms / 1_000)))} a second`,
        ],
        ['failures of backends', thousands(faults)],
        ['told to come again: money not set aside in time', thousands(report.again)],
        [
          'swaps / storms / tasks / workloads',
          [counts.swaps, counts.storms, counts.tasks.length, counts.jobs.length].map(thousands).join(' / '),
        ],
        ['decisions that a dashboard was told', watched.map(({ events }) => thousands(events)).join(' / ')],
        ['streams of decisions that broke', String(watched.reduce((sum, { broken }) => sum + broken, 0))],
        [
          'polls / failed / slowest',
          watched.map(({ polls, failed, slowest }) => `${polls} / ${failed} / ${slowest.toFixed(0)} ms`).join(', '),
        ],
        ['heap, per request', `${((after.heap - before.heap) / requests).toFixed(1)} bytes; slope ${slope(held).toFixed(1)} bytes`],
      ],
    ),
    table(
      ['ending', 'requests'],
      [...ends].sort(([, a], [, b]) => b - a).map(([end, count]) => [end, thousands(count)]),
    ),
    table(
      ['minute', 'requests', 'heap MiB', 'external MiB', 'RSS MiB', 'descriptors', 'handles'],
      [before, ...times].map((one) => [
        (one.at / 60_000).toFixed(1),
        thousands(one.requests),
        ...[one.heap, one.external, one.rss].map((bytes) => (bytes / 2 ** 20).toFixed(1)),
        String(countDescriptors(one)),
        Object.entries(one.handles)
          .map(([kind, count]) => `${kind} ${count}`)
          .join(', '),
      ]),
    ),
    table(
      ['budget', 'callers were told', 'settled', 'reserved', 'on the disk'],
      books.map(({ name, settled_usd, reserved_usd }) => [
        name,
        name in told ? dollars(told[name as keyof typeof told]) : '',
        dollars(settled_usd * 1e9),
        dollars(reserved_usd * 1e9),
        dollars(accounts.find(({ budget }) => budget === name)?.settled ?? Number.NaN),
      ]),
    ),
  ].join('\n\n');
}

/** Bytes of heap by request, by least squares over the second half of the samples. */
function slope(held: readonly Held[]): number {
  const half = held.slice(Math.floor(held.length / 2));
  const mean = (of: (one: Held) => number): number => half.reduce((sum, one) => sum + of(one), 0) / half.length;
  const requests = mean((one) => one.requests);
  const heap = mean((one) => one.heap);
  const up = half.reduce((sum, one) => sum + (one.requests - requests) * (one.heap - heap), 0);
  return up / half.reduce((sum, one) => sum + (one.requests - requests) ** 2, 0);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
