import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from '../answer-calls.ts';
import { openEngine } from './open-engine.ts';

/** The thread that keeps the record of jobs. */
answerCalls(parentPort!, async (tell) => {
  const engine = await openEngine(workerData.location, workerData.options);
  await engine.listen(tell);
  return engine;
});
