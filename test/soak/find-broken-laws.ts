import { countDescriptors, countHandles, type SoakReport } from './run-soak.ts';
import { COST, MOST, TIGHT_USD } from './write-policy.ts';

const MIB = 2 ** 20;
/** Bytes that the heap may have grown by, whatever the number of requests, and by request. */
const GROWTH = 12 * MIB;
const KEPT = 12;
/** What the process may be larger by in its last quarter than in its second. */
const SWOLLEN = 96 * MIB;
/** Descriptors that may be there beside those of before: a connection that the store or a probe holds just then. */
const MORE_DESCRIPTORS = 8;
/** Longest silence of a stream of decisions under load, ms; a busy machine is silent for longer than a calm one. */
const SILENCE = 20_000;

/** What a soak must show, each as a sentence where it did not; empty = all hold. */
export function findBrokenLaws(report: SoakReport): readonly string[] {
  const broken: string[] = [];
  const demand = (holds: boolean, what: string): void => {
    if (!holds) broken.push(what);
  };
  demand(report.requests === report.asked, `of ${report.asked} requests ${report.requests} were sent: the machine is too slow`);
  demand(report.wrong.length === 0, `wrong answers: ${report.wrong.slice(0, 5).join('\n')}`);
  demand(report.counts.problems.length === 0, report.counts.problems.join('\n'));
  demand(report.leftOver === '', `still open after everything ended: ${report.leftOver}`);
  demand(report.counts.swaps > 0 && report.lastSwapServes, `${report.counts.swaps} swaps, and the last one does not serve`);
  demand(report.exitCode === 0, `policyd ended with ${report.exitCode}`);
  for (const word of [
    'plain: whole',
    'stream: whole',
    'mixed: whole',
    'mixed: stream, then an error',
    'leave: the caller left',
    'tight: over',
  ])
    demand(
      [...report.ends.keys()].some((end) => end.startsWith(word)),
      `no request ended as \`${word}\``,
    );
  demand(report.faults > 0, 'no server failed');
  checkMemory(report, demand);
  checkMoney(report, demand);
  checkWatchers(report, demand);
  return broken;
}

type Demand = (holds: boolean, what: string) => void;

function checkMemory({ before, after, held, requests }: SoakReport, demand: Demand): void {
  const most = GROWTH + KEPT * requests;
  demand(after.heap - before.heap < most, `the heap grew by ${after.heap - before.heap} bytes, more than ${most}`);
  const quarter = (number: number) => held.slice(Math.floor((held.length * number) / 4), Math.ceil((held.length * (number + 1)) / 4));
  const mean = (part: SoakReport['held']): number => part.reduce((sum, { rss }) => sum + rss, 0) / part.length;
  const swollen = mean(quarter(3)) - mean(quarter(1));
  demand(!(swollen > SWOLLEN), `the process swelled by ${swollen} bytes from its second quarter to its last`);
  const more = countDescriptors(after) - countDescriptors(before);
  demand(more <= MORE_DESCRIPTORS, `${more} descriptors are left: ${JSON.stringify([before.descriptors, after.descriptors])}`);
  const left = countHandles(after) - countHandles(before);
  demand(left <= MORE_DESCRIPTORS, `${left} handles are left: ${JSON.stringify([before.handles, after.handles])}`);
}

function checkMoney({ told, unknown, books, metric, accounts, openEntries }: SoakReport, demand: Demand): void {
  const settled = (name: string): number => Math.round((books.find((book) => book.name === name)?.settled_usd ?? Number.NaN) * 1e9);
  for (const team of ['patient', 'tight'] as const)
    demand(settled(team) === told[team], `${team}: ${settled(team)} is settled, callers were told of ${told[team]}`);
  const restless = settled('restless');
  demand(
    restless >= told.restless && restless <= told.restless + unknown * 3 * MOST,
    `restless: ${restless} is settled, callers were told of ${told.restless} and do not know of ${unknown} requests`,
  );
  demand(
    settled('tight') <= TIGHT_USD * 1e9 && told.tight >= COST,
    `tight: ${settled('tight')} is settled of a limit of ${TIGHT_USD} dollars`,
  );
  const sum = settled('patient') + settled('restless') + settled('tight');
  demand(settled('all') === sum, `all: ${settled('all')} is settled, ${sum} by its teams`);
  const whole = told.patient + told.restless + told.tight;
  const inMetric = Math.round(metric * 1e9);
  demand(
    inMetric >= whole - 1_000 && inMetric <= sum + 1_000,
    `the metric says ${inMetric}, callers were told of ${whole}, the budgets ${sum}`,
  );
  for (const { budget, settled: onDisk, reserved, held, lost } of accounts) {
    demand(onDisk === settled(budget), `${budget}: ${onDisk} on the disk, ${settled(budget)} told`);
    demand(reserved === 0 && held === 0 && lost === 0, `${budget}: ${reserved} reserved, ${held} held, ${lost} lost after the end`);
  }
  demand(accounts.length === 4, `${accounts.length} accounts`);
  demand(openEntries === 0, `${openEntries} entries are open on the disk`);
}

function checkWatchers({ watched }: SoakReport, demand: Demand): void {
  for (const { events, silence, broken, polls, failed } of watched) {
    demand(events > 0 && broken === 0, `a stream of decisions told ${events} and ended ${broken} times`);
    demand(silence < SILENCE, `a stream of decisions was silent for ${silence} ms`);
    demand(polls > 0 && failed === 0, `${failed} of ${polls} polls of the dashboard failed`);
  }
}
