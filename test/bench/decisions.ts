/**
 * Writing a decision's line against `JSON.stringify` of the same line's members, and what the gateway pays to have a decision recorded, with and
 * without a log, against the 3 µs it may take: means over interleaved rounds, CPU of the thread. Prints a Markdown table. `node test/bench/decisions.ts`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../compiler/compile.ts';
import { loadRouter } from '../../compiler/prove/load-router.ts';
import { countsOf } from '../../compiler/prove/cells.ts';
import { DecisionLog } from '../../runtime/decisions/decision-log.ts';
import { DecisionRecorder } from '../../runtime/decisions/decision-recorder.ts';
import { writeDecisionLine } from '../../runtime/decisions/write-decision-line.ts';
import type { DecisionLine } from '../../schema/decision-line.ts';
import { UNMEASURED } from '../../schema/snapshot.ts';
import { writeLargePolicy } from '../build/large-policy.ts';

const ROUNDS = 41;
const CALLS = 4_000;
const LIMIT = 3;

const { artifact } = await compile([{ file: 'policies/p.yaml', text: writeLargePolicy(20, 64) }]);
const { manifest } = artifact!;
const module = loadRouter(artifact!.files.get('router.js')!);
const router = { hash: manifest.hash, manifest, module };
const live = module.lay(module.rank({ epoch: 1, targets: manifest.targets.map(() => UNMEASURED), budgets: [] }));
module.mark(live, 5, 1);
const body = { endpoint: 'chat', model: 'auto', maxOutputTokens: null, answers: 1, tools: 0, required: 1, text: () => '' } as const;
const intent = module.analyze(body, { strict: false, flexible: false, category: null, class: null }, 3, countsOf(700, true));
const code = module.decide(intent, live, module.none);
const facts = { requestId: 'req_0123456789abcdef', router, intent, live, tried: [], code, micros: 4.2 };
const same = JSON.parse(writeDecisionLine(facts, 'run-1', 1)) as DecisionLine;

const folder = mkdtempSync(join(tmpdir(), 'bench-decisions-'));
const log = new DecisionLog({ folder, sample: 1, maxBytes: 64 << 20, keep: 2, maxWaiting: 64 << 20 });
const silent = new DecisionRecorder(null, 1_000);
const logged = new DecisionRecorder(log, 1_000);
/** As the gateway calls it: facts made anew, the time at hand. */
const record = (recorder: DecisionRecorder): number => {
  recorder.record({ ...facts, micros: 4.2 }, performance.now());
  return 1;
};

/** CPU of this thread in µs: what others do on the machine, and the disk's thread, are no part of a line. */
const cpu = (): number => {
  const { user, system } = process.threadCpuUsage();
  return user + system;
};

let sink = 0;
const JOBS: Record<string, () => number> = {
  'JSON.stringify of its members, made anew': () =>
    JSON.stringify({ ...same, time: new Date().toISOString(), intent: [...same.intent], state: live.state.join('') }).length,
  'writeDecisionLine, one of 64 targets down': () => writeDecisionLine(facts, 'run-1', 1).length,
  'recorded, no log, the ring at its rate': () => record(silent),
  'recorded, every decision logged': () => record(logged),
};
const times = new Map<string, number[]>(Object.keys(JOBS).map((name) => [name, []]));
for (let round = -5; round < ROUNDS; round++) {
  for (const [name, job] of Object.entries(JOBS)) {
    const start = cpu();
    for (let call = 0; call < CALLS; call++) sink += job();
    const stopped = cpu();
    // The disk gets its turn, unmeasured: it is written to behind.
    if (job === JOBS['recorded, every decision logged']) await new Promise((resolve) => setTimeout(resolve, 60));
    if (round >= 0) times.get(name)!.push((stopped - start) / CALLS);
  }
}
/** The clock of a thread's CPU may tick in steps of 10 ms: a round alone tells little, all of them together do. */
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const [rival, ...own] = [...times.values()].map(mean);
const most = Math.max(...own);
await log.close();
rmSync(folder, { recursive: true });
console.log('| job | µs | ratio |\n|---|---|---|');
for (const [name, values] of times) console.log(`| ${name} | ${mean(values).toFixed(2)} | ${(mean(values) / rival).toFixed(2)} |`);
console.log(
  `\n${JSON.stringify(same).length} characters; ${log.dropped} of ${log.written + log.dropped} lines dropped; limit ${LIMIT} µs: ${most <= LIMIT ? 'held' : 'missed'}${sink === 0 ? ' ' : ''}`,
);
process.exitCode = most <= LIMIT && log.dropped === 0 ? 0 : 1;
