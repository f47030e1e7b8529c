/**
 * One process with a ledger, for exams that need several or kill them. Says on standard output, a line for each: `granted <id> <bound>`,
 * `settled <id> <actual>`, `void <id>`, `durable <id>` (told to be on the disk), `refused <kind>`, and obeys lines of standard input.
 * `node replica.ts <job as JSON>`
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openLedger } from '../../../runtime/ledger/open-ledger.ts';
import type { StoreLocation } from '../../../runtime/store/store-location.ts';
import type { BudgetConfig } from '../../../schema/manifest.ts';
import { FACTS, USAGE } from './budgets.ts';

export interface ReplicaJob {
  readonly location: StoreLocation;
  readonly budgets: readonly BudgetConfig[];
  /** race: `count` at once on `go`, and the end on `end`. spend: without pause, `lanes` at once, until it is killed. */
  readonly kind: 'race' | 'spend';
  readonly count: number;
  readonly lanes: number;
  readonly bound: number;
  /** Most ms to wait for money. */
  readonly within: number;
}

const job = JSON.parse(process.argv[2]) as ReplicaJob;
const rows = job.budgets.map((_, row) => row);
const facts = { usage: USAGE, duration: 1 };
/** A write that returned is in the pipe, whatever happens to this process afterwards. */
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // The pipe is full: its reader is busy.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

say(`pid ${process.pid}`);
const ledger = await openLedger(job.location, {
  onEvent: (event) => {
    if (event.event === 'batch') say('batch');
    if (event.event === 'drift' || event.event === 'store-lost') say(`event ${JSON.stringify(event)}`);
  },
});
const book = ledger.configure(job.budgets);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
say('ready');

if (job.kind === 'race') {
  await lines.next();
  const answers = await Promise.all(Array.from({ length: job.count }, () => ledger.reserve(book, rows, job.bound, FACTS, job.within)));
  for (const answer of answers) say(answer.granted ? `granted ${answer.id} ${answer.bound}` : `refused ${answer.kind}`);
  say('done');
  await lines.next();
  await ledger.close();
  process.exit();
}

await Promise.all(Array.from({ length: job.lanes }, spend));

async function spend(): Promise<void> {
  for (;;) {
    const bound = Math.ceil(job.bound * (0.2 + 0.8 * Math.random()));
    const answer = await ledger.reserve(book, rows, bound, FACTS, job.within);
    if (!answer.granted) {
      say(`refused ${answer.kind}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    say(`granted ${answer.id} ${answer.bound}`);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    if (Math.random() < 0.1) {
      ledger.void(answer);
      say(`void ${answer.id}`);
    } else {
      const actual = Math.floor(Math.random() * bound);
      ledger.settle(answer, actual, facts);
      say(`settled ${answer.id} ${actual}`);
    }
    if (Math.random() < 0.7) continue;
    await ledger.durable();
    say(`durable ${answer.id}`);
  }
}
