import type { Manifest, SelfTestVector } from '../../schema/manifest.ts';
import type { RequestBody, TokenCount } from '../../schema/request.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import { UNMEASURED } from '../../schema/snapshot.ts';
import { Failure } from '../failure.ts';

/** Decisions a router makes before it serves: the first hundreds of a fresh module run on cold code. */
const WARM = 1_000;
const TOLD = 3;

/** @throws Failure `[self-test]` where a vector gives another code than the compiler's, or there is none. */
export function runSelfTest(module: RouterModule, manifest: Manifest): void {
  const vectors = manifest.selfTest;
  if (vectors.length === 0) throw new Failure('self-test', ['the artifact has no self-test'], 'compile the policy again');
  const lives = new Map<string, Live>();
  const wrong: string[] = [];
  const rounds = Math.ceil(WARM / vectors.length);
  for (let round = 0; round < rounds; round++) {
    for (let row = 0; row < vectors.length; row++) {
      const vector = vectors[row];
      const key = vector.state.join();
      let live = lives.get(key);
      if (!live) lives.set(key, (live = layState(module, manifest, vector.state)));
      const code = decideVector(module, vector, live);
      if (code !== vector.code && round === 0) wrong.push(`self-test ${row} gives ${code}, the compiler says ${vector.code}`);
    }
  }
  if (wrong.length === 0) return;
  const more = wrong.length > TOLD ? [`${wrong.length - TOLD} more`] : [];
  throw new Failure(
    'self-test',
    [...wrong.slice(0, TOLD), ...more],
    'the artifact is damaged or was made by another version: compile it again',
  );
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
