/**
 * An hour of a chat service (Azure's conversation trace of 2023) through the ledger, by a simulated clock: prices of gpt-4o, cap 1,024,
 * answers of 0.5 s + 20 ms a token. How far above the limit it goes, how often it refuses what a ledger that knew every cost beforehand would
 * have admitted, and how far estimates are from what was settled. Throws where a bound is missed.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Table } from '../../compiler/bench/table.ts';
import { Ledger } from '../../runtime/ledger/ledger.ts';
import { StoreClerk } from '../../runtime/ledger/store-clerk.ts';
import { openStore } from '../../runtime/store/open-store.ts';
import { DOLLAR, FACTS, makeBudget } from '../exams/ledger/budgets.ts';
import { FakeTime } from '../exams/ledger/fake-time.ts';
import { readConversation, type TraceRequest } from './ledger/conversation.ts';

const START = Date.UTC(2026, 10, 20, 12);
const CAP = 1_024;
/** Nano-dollars a token: $2.50 and $10.00 per million. */
const INPUT = 2_500;
const OUTPUT = 10_000;
/** What an estimate assumes of an answer nobody knows anything about. */
const ASSUMED = 500;
/** Settled attempts after which estimates count as calibrated. */
const LEARNED = 500;
const WITHIN = 1_000;
const MOST_FALSE = 0.01;
const MOST_OFF = 0.1;

interface Outcome {
  readonly admitted: number;
  readonly refused: number;
  /** Refused, where one that knows all costs would have admitted: as a share of all. */
  readonly falselyRefused: number;
  /** Most nano-dollars that were settled and set aside at once. */
  readonly peak: number;
  readonly settled: number;
  /** Estimated over settled, before and after calibration. */
  readonly raw: number;
  readonly calibrated: number;
}

export const bench = {
  name: 'ledger-trace',
  async run(): Promise<Table> {
    const { name, requests } = readConversation();
    const rows: string[][] = [];
    for (const dollars of [5, 50, 1_000]) rows.push(describe(dollars, await replay(requests, dollars * DOLLAR)));
    return {
      title: `${requests.length.toLocaleString('en-US')} requests of a chat service in an hour, ${name}`,
      columns: [
        'limit',
        'admitted',
        'refused',
        'falsely, of all',
        'settled',
        'most at once',
        'over the limit',
        'estimate ÷ settled',
        'calibrated',
      ],
      rows,
      notes: [
        'Falsely: refused, and admitted by a ledger that is told each cost beforehand and sees the same requests. Most at once: settled and set aside. Trace: AzurePublicDataset, CC-BY-4.0.',
      ],
    };
  },
};

async function replay(requests: readonly TraceRequest[], limit: number): Promise<Outcome> {
  // An hour of commits in a few seconds: in memory where that can be, since nothing here is about the disk.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'policyd-trace-'));
  const time = new FakeTime(START);
  const clerk = new StoreClerk(await openStore({ kind: 'sqlite', file: join(folder, 'ledger.sqlite') }, true), time.now);
  const ledger = await Ledger.open({ clerk, now: time.now, after: time.after });
  const book = ledger.configure([makeBudget('company', limit / DOLLAR)]);
  const done = { admitted: 0, refused: 0, false: 0, peak: 0, settled: 0, open: 0, raw: 0, calibrated: 0, learned: 0, compared: 0 };
  let omniscient = 0;

  const serve = async ({ input, output }: TraceRequest): Promise<void> => {
    const said = Math.min(output, CAP);
    const actual = input * INPUT + said * OUTPUT;
    const bound = input * INPUT + CAP * OUTPUT;
    const estimate = input * INPUT + ASSUMED * OUTPUT;
    const calibrated = input * INPUT + ASSUMED * ledger.calibration.output(FACTS.model) * OUTPUT;
    const wouldFit = omniscient + actual <= limit;
    if (wouldFit) omniscient += actual;
    const facts = { ...FACTS, estimate, estimatedInput: input, estimatedOutput: ASSUMED };
    const answer = await ledger.reserve(book, [0], bound, facts, WITHIN);
    if (!answer.granted) {
      done.refused++;
      if (wouldFit) done.false++;
      return;
    }
    done.admitted++;
    done.open += bound;
    done.peak = Math.max(done.peak, done.settled + done.open);
    await new Promise<void>((resolve) => time.after(500 + 20 * said, resolve));
    ledger.settle(answer, actual, {
      usage: { input, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: said, reasoning: 0 },
      duration: 500 + 20 * said,
    });
    done.open -= bound;
    done.settled += actual;
    if (++done.learned <= LEARNED) return;
    done.raw += estimate;
    done.calibrated += calibrated;
    done.compared += actual;
  };

  const served: Promise<void>[] = [];
  let at = 0;
  for (const request of requests) {
    await time.pass(request.at - at);
    at = request.at;
    served.push(serve(request));
  }
  await time.pass(60_000);
  await Promise.all(served);
  await time.until(ledger.close(), 60_000);
  rmSync(folder, { recursive: true });
  return {
    admitted: done.admitted,
    refused: done.refused,
    falselyRefused: done.false / requests.length,
    peak: done.peak,
    settled: done.settled,
    raw: done.raw / done.compared,
    calibrated: done.calibrated / done.compared,
  };
}

function describe(dollars: number, outcome: Outcome): string[] {
  const over = Math.max(0, outcome.peak - dollars * DOLLAR);
  if (over > 0) throw new Error(`$${dollars}: ${over} nano-dollars above the limit`);
  if (dollars >= 50 && outcome.falselyRefused >= MOST_FALSE) throw new Error(`$${dollars}: ${outcome.falselyRefused} falsely refused`);
  if (dollars >= 50 && Math.abs(outcome.calibrated - 1) > MOST_OFF)
    throw new Error(`$${dollars}: estimates are ${outcome.calibrated} of what was settled`);
  const money = (nanos: number): string => `$${(nanos / DOLLAR).toFixed(4)}`;
  return [
    `$${dollars}`,
    String(outcome.admitted),
    String(outcome.refused),
    `${(100 * outcome.falselyRefused).toFixed(3)} %`,
    money(outcome.settled),
    money(outcome.peak),
    String(over),
    outcome.raw.toFixed(3),
    outcome.calibrated.toFixed(3),
  ];
}
