import { setImmediate } from 'node:timers/promises';
import type { Manifest, SelfTestVector } from '../../schema/manifest.ts';
import type { RequestBody, TokenCount } from '../../schema/request.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import { UNMEASURED } from '../../schema/snapshot.ts';
import { Failure } from '../failure.ts';
import { CountMemory } from '../intent/count-memory.ts';
import { loadEncoding } from '../intent/tokens/encoding.ts';
import { rehearse } from './rehearse.ts';

/**
 * Decisions a router makes before it serves: at least so many, and as many more as fit into some ms, up to the most. Code that has been called
 * 16,000 times is optimized on all supported Nodes; after 1,000 calls the first real decision takes three times as long on Node 24, seven on 22.
 */
const WARM = { least: 1_000, most: 16_000, ms: 50 };
const TOLD = 3;
/** How long requests are held up at a time, in ms. */
const SLICE = 2;
/** The budget of a decision, in ms; how many may miss it before most of them doing so is no accident; and the end of all patience. */
const BUDGET = 1;
const MISSES = 32;
const PATIENCE = 2_000;

/**
 * Puts the compiler's vectors to a router, then requests like those that will come, again and again until its code is warm.
 *
 * @throws Failure `[self-test]` where a vector gives another code than the compiler's, or there is none; `[router-slow]` where most
 * decisions take more than their millisecond.
 */
export async function runSelfTest(module: RouterModule, manifest: Manifest): Promise<void> {
  const vectors = manifest.selfTest;
  if (vectors.length === 0) throw new Failure('self-test', ['the artifact has no self-test'], 'compile the policy again');
  const lives = new Map<string, Live>();
  const wrong: string[] = [];
  const pace = new Pace();
  for (const [row, vector] of vectors.entries()) {
    const key = vector.state.join();
    let live = lives.get(key);
    if (!live) lives.set(key, (live = layState(module, manifest, vector.state)));
    const code = pace.time(() => decideVector(module, vector, live));
    if (code !== vector.code) wrong.push(`self-test ${row} gives ${code}, the compiler says ${vector.code}`);
    await pace.rest();
  }
  if (wrong.length > 0) refuseWrong(wrong);
  const live = layState(module, manifest, []);
  for (const encoding of new Set(manifest.targets.map((target) => target.encoding))) loadEncoding(encoding);
  const rehearsals = rehearse(manifest, new CountMemory());
  const until = pace.spent + WARM.ms;
  const isCold = (made: number): boolean => made < WARM.least || (made < WARM.most && pace.spent < until);
  for (let made = 0; rehearsals.length > 0 && isCold(made); made++) {
    const { request, hints, caller, tokens } = rehearsals[made % rehearsals.length];
    pace.time(() => {
      const intent = module.analyze(request.body, hints, caller, tokens);
      return intent.problem === 0 ? module.decide(intent, live, module.none) : -1;
    });
    await pace.rest();
  }
}

/** Times decisions, and lets requests in between. */
class Pace {
  #slice = performance.now();
  #made = 0;
  #slow = 0;
  #spent = 0;

  /** Ms in decisions. */
  get spent(): number {
    return this.#spent;
  }

  /** @throws Failure `[router-slow]`. */
  time(decide: () => number): number {
    const begun = performance.now();
    const code = decide();
    const ms = performance.now() - begun;
    this.#made++;
    this.#spent += ms;
    if (ms > BUDGET) this.#slow++;
    if ((this.#slow > MISSES && this.#slow > this.#made / 2) || this.#spent > PATIENCE) refuseSlow(this.#spent / this.#made);
    return code;
  }

  async rest(): Promise<void> {
    if (performance.now() - this.#slice < SLICE) return;
    await setImmediate();
    this.#slice = performance.now();
  }
}

function refuseWrong(wrong: readonly string[]): never {
  const more = wrong.length > TOLD ? [`${wrong.length - TOLD} more`] : [];
  throw new Failure(
    'self-test',
    [...wrong.slice(0, TOLD), ...more],
    'the artifact is damaged or was made by another version: compile it again',
  );
}

function refuseSlow(ms: number): never {
  const problem = `a decision of the self-test takes ${Number(ms.toPrecision(2))} ms, the budget is ${BUDGET}`;
  throw new Failure('router-slow', [problem], 'compile the policy again with the policyc of this version');
}

function layState(module: RouterModule, manifest: Manifest, state: readonly number[]): Live {
  const targets = manifest.targets.map((_, row) => ({ ...UNMEASURED, state: state[row] ?? 0 }));
  return module.lay(module.rank({ epoch: 0, targets, budgets: manifest.budgets.map(() => 0) }));
}

function decideVector(module: RouterModule, vector: SelfTestVector, live: Live): number {
  const { text, ...fields } = vector.body;
  const body: RequestBody = { ...fields, text: () => text };
  const tokens: TokenCount = { low: vector.tokens, high: vector.tokens, atLeast: () => vector.tokens, exact: () => vector.tokens };
  const intent = module.analyze(body, vector.hints, vector.caller, tokens);
  return intent.problem === 0 ? module.decide(intent, live, module.none) : -1;
}
