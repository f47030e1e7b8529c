import { hasEnded, type Job, type JobEvent } from '../../../runtime/jobs/job.ts';

/**
 * Reads the history of a job as what it must be, and says where it is not: one assignment at a time, tokens that only grow, no agent twice
 * after it failed, exactly one end, and a record that says the same.
 */
export function checkHistory(job: Job, events: readonly JobEvent[]): string[] {
  const wrong: string[] = [];
  const say = (what: string): void => void wrong.push(`${job.id}: ${what}`);
  let holder: string | null = null;
  let token = 0;
  let attempts = 0;
  let ends = 0;
  const failed = new Set<string>();
  const assigned = new Set<string>();
  for (const event of events) {
    if (ends > 0) say(`${event.event} after its end`);
    switch (event.event) {
      case 'assigned':
        if (holder !== null) say(`assigned to ${event.agent} while ${holder} has it`);
        if (event.token <= token) say(`token ${event.token} after ${token}`);
        if (failed.has(event.agent!)) say(`assigned to ${event.agent}, which failed at it`);
        holder = event.agent;
        assigned.add(event.agent!);
        token = event.token;
        attempts++;
        break;
      case 'attempt-failed':
      case 'expired':
        if (holder === null) say(`${event.event} while nobody has it`);
        if (holder !== null) failed.add(holder);
        holder = null;
        break;
      case 'returned':
        if (holder === null) say('given back while nobody has it');
        holder = null;
        attempts--;
        break;
      case 'completed':
      case 'failed':
      case 'cancelled':
        // One that nobody had ends by the word of an operator, or with its last lease.
        holder = null;
        ends++;
        if (event.event !== job.state) say(`ended as ${event.event}, recorded as ${job.state}`);
        break;
      case 'queued':
      case 'redriven':
        break;
    }
  }
  if (hasEnded(job.state) && ends !== 1) say(`${ends} ends of a job that is ${job.state}`);
  if (!hasEnded(job.state) && ends !== 0) say(`${ends} ends of a job that is ${job.state}`);
  if (attempts > job.maxAttempts) say(`${attempts} attempts, of at most ${job.maxAttempts}`);
  if (attempts !== job.attempts) say(`${attempts} attempts, recorded as ${job.attempts}`);
  return wrong;
}
