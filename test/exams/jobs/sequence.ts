/**
 * Submits, assigns and ends jobs one after the other, each when the one before was acknowledged, and says how many commands that were: none of
 * them can have shared a commit. `node sequence.ts <location as JSON> <jobs>`
 */
import { openEngine } from '../../../runtime/jobs/open-engine.ts';
import { makeJob, QUEUE, TYPES } from './engines.ts';

const engine = await openEngine(JSON.parse(process.argv[2]), { queues: { [QUEUE]: TYPES }, sweeps: false });
await engine.join('one', 60_000);
let commands = 1;
for (let i = 0; i < Number(process.argv[3]); i++) {
  await engine.enqueue(makeJob(), null);
  const { jobs } = await engine.claim(QUEUE, [{ agent: 'a', holder: 'one', types: TYPES, latency: {} }]);
  await engine.complete(jobs[0], null);
  commands += 3;
}
console.log(commands);
process.exit();
