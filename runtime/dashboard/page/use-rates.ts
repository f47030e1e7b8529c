import { useEffect, useState } from 'preact/hooks';
import { findSample, type Samples } from './read-metrics.ts';

/** What happened in one second, at one moment. */
export interface Rate {
  /** In seconds, as charts want it. */
  readonly at: number;
  readonly decisions: number;
  readonly failed: number;
}

/** Moments that are kept: five minutes. */
const KEPT = 150;

interface Counted {
  readonly at: number;
  readonly decisions: number;
  readonly failed: number;
}

/** How much was decided and failed in a second, from one look at the counters to the next; bounded. */
export function useRates(samples: Samples | null, at: number): readonly Rate[] {
  const [rates, setRates] = useState<readonly Rate[]>([]);
  const [last] = useState<{ counted: Counted | null }>(() => ({ counted: null }));
  useEffect(() => {
    if (samples === null) return;
    const now = count(samples, at / 1e3);
    const before = last.counted;
    last.counted = now;
    // A server that was started again counts from nothing.
    if (before === null || now.at <= before.at || now.decisions < before.decisions) return;
    const seconds = now.at - before.at;
    const rate = {
      at: now.at,
      decisions: (now.decisions - before.decisions) / seconds,
      failed: Math.max(0, now.failed - before.failed) / seconds,
    };
    setRates((known) => [...known.slice(1 - KEPT), rate]);
  }, [samples]);
  return rates;
}

function count(samples: Samples, at: number): Counted {
  const answers = samples.get('policyd_requests_total') ?? [];
  return {
    at,
    decisions: findSample(samples, 'policyd_decision_seconds_count', { phase: 'total' }) ?? 0,
    failed: answers.reduce((sum, { labels, value }) => sum + (Number.parseInt(labels.status, 10) >= 400 ? value : 0), 0),
  };
}
