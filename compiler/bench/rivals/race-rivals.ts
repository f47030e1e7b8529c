import { UNMEASURED } from '../../../schema/snapshot.ts';
import { seededRandom } from '../../prove/states.ts';
import type { DrawnRequest } from '../draw-requests.ts';
import type { LoadedPolicy } from '../load-policy.ts';
import { loop } from '../loop.ts';
import type { Contestant } from '../race.ts';
import { makeCasbin } from './casbin.ts';
import { makeCedar } from './cedar.ts';
import { makeCel } from './cel.ts';
import { makeJsonRules } from './json-rules.ts';
import type { MakeRival, Rival } from './rival.ts';
import { choose, drawQuestions, makeAnswer, type Question, toRequest } from './twenty-rules.ts';

/** By package. */
export const RIVALS: Readonly<Record<string, MakeRival>> = {
  'json-rules-engine': makeJsonRules,
  casbin: makeCasbin,
  '@marcbachmann/cel-js': makeCel,
  '@cedar-policy/cedar-wasm': makeCedar,
};

/** The rivals that are installed, and the packages that are not. */
export async function openRivals(): Promise<{ readonly rivals: readonly Rival[]; readonly missing: readonly string[] }> {
  const rivals: Rival[] = [];
  const missing: string[] = [];
  for (const [name, make] of Object.entries(RIVALS)) {
    try {
      rivals.push(...(await make()));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
      missing.push(name);
    }
  }
  return { rivals, missing };
}

/** Throws where a rival gives another answer than the router to one of the questions: a race of different tasks says nothing. */
export async function checkAnswers(policy: LoadedPolicy, rivals: readonly Rival[], questions: readonly Question[]): Promise<void> {
  const answer = makeAnswer(policy);
  for (const { name, gives, decide } of rivals) {
    for (const question of questions) {
      const given = await decide(question);
      const theirs = gives === 'target' ? given : choose(given, question.tokens);
      const ours = answer(question);
      if (theirs !== ours) throw new Error(`\`${name}\` answers ${theirs}, the router ${ours}, to ${JSON.stringify(question)}`);
    }
  }
}

/** The router first, from a body's facts to a target; then every rival, from name and team to a rule, and on to the target by `choose`. */
export async function raceRivals({ router, set }: LoadedPolicy, rivals: readonly Rival[]): Promise<Contestant[]> {
  const random = seededRandom(20);
  const live = router.lay(router.rank({ epoch: 1, targets: set.targets.map(() => UNMEASURED), budgets: [] }));
  const requests: DrawnRequest[] = [];
  const { analyze, decide, none } = router;
  const run = loop('(request = requests[i], decide(analyze(request.body, request.hints, request.caller, request.tokens), live, none))', {
    request: null,
    requests,
    analyze,
    decide,
    live,
    none,
  });
  const size = 256;
  const ours: Contestant = {
    name: 'policyc',
    operations: size,
    prepare() {
      requests.splice(0, size, ...drawQuestions(size, random).map(toRequest));
    },
    run: () => run(size),
  };
  const contestants = [ours];
  for (const rival of rivals) contestants.push(await raceRival(rival, random));
  return contestants;
}

async function raceRival({ name, gives, decide }: Rival, random: () => number): Promise<Contestant> {
  // Fewer at a time: they are slower by orders of magnitude.
  const size = 256;
  const questions: Question[] = [];
  const prepare = (): void => {
    questions.splice(0, size, ...drawQuestions(size, random));
  };
  prepare();
  const first = decide(questions[0]!);
  // One at a time: an engine that is still running would be stopped by its neighbour.
  await first;
  const run =
    first instanceof Promise
      ? async () => {
          let sum = 0;
          for (const question of questions) sum += choose(await decide(question), question.tokens);
          return sum;
        }
      : gives === 'target'
        ? loop('decide(questions[i])', { decide, questions })
        : loop('choose(decide(questions[i]), questions[i].tokens)', { choose, decide, questions });
  return { name, operations: size, prepare, run: () => run(size) };
}
