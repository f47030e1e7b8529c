import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Job } from '../../../../runtime/jobs/job.ts';
import type { Context } from '../../../../runtime/orchestrator/context/context.ts';
import type { FrameLog } from '../../../../runtime/orchestrator/frame.ts';
import { prepareContext } from '../../../../runtime/orchestrator/workloads/prepare-context.ts';
import { read } from './bench.ts';

const JOB = { id: 'job', caller: 'someone' } as Job;
const ASKED = read({ context: { query: 'what is known', tokens: 500 }, privacy: 'restricted' });

/** A workload's preparation, and what its stream was told. */
function prepare(makePack: Context['makePack'], patience?: number) {
  const told: unknown[] = [];
  const frames = { append: async (...frame: unknown[]) => void told.push(frame) } as unknown as FrameLog;
  return { told, hook: prepareContext({ makePack }, frames, pino({ level: 'silent' }), patience) };
}
const pack = (items: number) =>
  ({ tokens: 321, items: Array.from({ length: items }) }) as unknown as Awaited<ReturnType<Context['makePack']>>;
const signal = () => new AbortController().signal;

test('the pack is made as it was asked for, and the stream is told', async () => {
  const asked: unknown[] = [];
  const { told, hook } = prepare(async (...words) => {
    asked.push(words);
    return pack(3);
  });
  await hook(JOB, ASKED, signal());
  expect(asked).toEqual([['job', 'someone', 'what is known', 500, 'restricted']]);
  expect(told).toEqual([['job', 'someone', 'status', { context: 'ready', tokens: 321, items: 3 }]]);
});

test('who asks for none gets none', async () => {
  const { told, hook } = prepare(() => Promise.reject(new Error('it was asked for')));
  await hook(JOB, read({}), signal());
  expect(told).toEqual([]);
});

test('one that cannot be made, or is not ready in time, is told and keeps nothing from starting', async () => {
  for (const [makePack, reason] of [
    [() => Promise.reject(new Error('no vectors')), 'no vectors'],
    [() => new Promise<never>(() => {}), 'it was not ready within 0.05 s'],
  ] as const) {
    const { told, hook } = prepare(makePack, 50);
    await hook(JOB, ASKED, signal());
    expect(told).toEqual([['job', 'someone', 'status', { context: 'missing', reason }]]);
  }
});

test('a process that gives its workload back tells nothing, and does not wait', async () => {
  const leave = new AbortController();
  const { told, hook } = prepare(() => new Promise(() => {}), 3_600_000);
  const preparing = hook(JOB, ASKED, leave.signal);
  leave.abort();
  await preparing;
  expect(told).toEqual([]);
});
