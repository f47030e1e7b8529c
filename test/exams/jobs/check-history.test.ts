import { expect, test } from 'vitest';
import type { Job, JobEvent, JobEventKind } from '../../../runtime/jobs/job.ts';
import { checkHistory } from './check-history.ts';

const JOB = { id: 'j', state: 'completed', attempts: 2, maxAttempts: 3 } as Job;
const WELL: readonly [JobEventKind, string | null, number][] = [
  ['queued', null, 0],
  ['assigned', 'a', 1],
  ['attempt-failed', 'a', 1],
  ['queued', 'a', 1],
  ['assigned', 'b', 2],
  ['completed', 'b', 2],
];

function check(events: readonly (readonly [JobEventKind, string | null, number])[], job: Partial<Job> = {}): string[] {
  const told = events.map(([event, agent, token]): JobEvent => ({ job: 'j', at: 0, event, agent, holder: null, token, detail: null }));
  return checkHistory({ ...JOB, ...job }, told);
}

test('the reader of histories finds each fault that it is there for', () => {
  expect(check(WELL)).toEqual([]);
  const without = (at: number) => WELL.filter((_, i) => i !== at);
  const swapped = (at: number, event: (typeof WELL)[number]) => WELL.map((old, i) => (i === at ? event : old));
  // Two at once; one that failed again; an old token; no end, two ends, another end; too many attempts, and a wrong count of them.
  expect(check(without(2))).toEqual(['j: assigned to b while a has it']);
  expect(check(swapped(4, ['assigned', 'a', 2]))).toEqual(['j: assigned to a, which failed at it']);
  expect(check(swapped(4, ['assigned', 'b', 1]))).toEqual(['j: token 1 after 1']);
  expect(check(without(5))).toEqual(['j: 0 ends of a job that is completed']);
  expect(check([...WELL, ['completed', 'b', 2]])).toEqual(['j: completed after its end', 'j: 2 ends of a job that is completed']);
  expect(check(WELL, { state: 'failed' })).toEqual(['j: ended as completed, recorded as failed']);
  expect(check(WELL, { maxAttempts: 1 })).toEqual(['j: 2 attempts, of at most 1']);
  expect(check(WELL, { attempts: 1 })).toEqual(['j: 2 attempts, recorded as 1']);
});
