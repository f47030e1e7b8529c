import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents } from '../../runtime/dashboard/page/read-events.ts';
import type { Policyd } from '../e2e/policyd.ts';
import { keyOf } from './write-policy.ts';

/** What somebody who looks at the dashboard saw. */
export interface Watched {
  events: number;
  /** Longest time without a decision while requests were sent, ms. */
  silence: number;
  /** Streams that ended before they were left. */
  broken: number;
  polls: number;
  failed: number;
  slowest: number;
}

/** What the page asks for again and again. */
const POLLED = ['/health', '/metrics', '/v1/policy', '/v1/budgets'];
const OFTEN = 2_000;

/** One who looks at the dashboard: its stream of decisions is open throughout, and what it polls is polled. */
export async function watchDashboard(policyd: Policyd, stop: AbortSignal): Promise<Watched> {
  const watched: Watched = { events: 0, silence: 0, broken: 0, polls: 0, failed: 0, slowest: 0 };
  await Promise.all([follow(policyd, watched, stop), poll(policyd, watched, stop)]);
  return watched;
}

const headers = { authorization: `Bearer ${keyOf('ops')}` };

async function follow(policyd: Policyd, watched: Watched, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      const answer = await fetch(`${policyd.url}/v1/decisions`, { headers: { ...headers, accept: 'text/event-stream' }, signal: stop });
      let last = performance.now();
      for await (const { data } of readEvents(answer.body!)) {
        JSON.parse(data);
        watched.events++;
        watched.silence = Math.max(watched.silence, performance.now() - last);
        last = performance.now();
      }
    } catch {
      if (stop.aborted) return;
    }
    if (!stop.aborted) {
      watched.broken++;
      await sleep(500);
    }
  }
}

async function poll(policyd: Policyd, watched: Watched, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    for (const path of POLLED) {
      const begun = performance.now();
      try {
        const answer = await fetch(policyd.url + path, { headers });
        await answer.arrayBuffer();
        if (!answer.ok) watched.failed++;
      } catch {
        watched.failed++;
      }
      watched.polls++;
      watched.slowest = Math.max(watched.slowest, performance.now() - begun);
    }
    await sleep(OFTEN, undefined, { signal: stop }).catch(() => {});
  }
}
