import { seededRandom } from '../prove/states.ts';
import { race } from './race.ts';
import { compareTimings, type Ratio } from './ratio.ts';
import { checkAnswers, openRivals, raceRivals } from './rivals/race-rivals.ts';
import { drawQuestions, loadTwentyRules } from './rivals/twenty-rules.ts';

const CHECKED = 512;

/** The rivals that are installed against the router, on the same twenty rules; and the packages that are not installed. */
export async function benchRivals(rounds: number): Promise<{ readonly ratios: readonly Ratio[]; readonly missing: readonly string[] }> {
  const policy = await loadTwentyRules();
  const { rivals, missing } = await openRivals();
  await checkAnswers(policy, rivals, drawQuestions(CHECKED, seededRandom(5)));
  const [ours, ...theirs] = await race(await raceRivals(policy, rivals), { rounds, slice: 25 });
  // A rival that stops at the rule does less than the router: told, not held against it.
  const ratios = theirs.map((timing) =>
    compareTimings(`${timing.name} ÷ policyc`, timing, ours!, timing.name.includes('rule alone') ? null : { least: 15 }),
  );
  return { ratios, missing };
}
