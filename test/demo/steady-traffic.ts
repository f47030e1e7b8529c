import { ask, type Question } from './decision.ts';

/** Callers that ask one after the other while something else happens. */
const CALLERS = 3;

/** What came of traffic that ran beside something else. */
export interface Traffic {
  readonly answered: number;
  readonly failed: number;
  /** Hashes of the routers that decided, in the order in which they were first seen. */
  readonly policies: readonly string[];
}

/** Sends the same question again and again until `work` is done. */
export async function runUnderTraffic(url: string, question: Question, work: () => Promise<void>): Promise<Traffic> {
  const policies = new Set<string>();
  let answered = 0;
  let failed = 0;
  let over = false;
  const call = async (): Promise<void> => {
    while (!over) {
      const decision = await ask(url, question).catch(() => null);
      if (decision?.status === 200) answered++;
      else failed++;
      if (decision !== null) policies.add(decision.policy);
    }
  };
  const callers = Array.from({ length: CALLERS }, call);
  try {
    await work();
  } finally {
    over = true;
    await Promise.all(callers);
  }
  return { answered, failed, policies: [...policies] };
}
