import { describe, expect, test } from 'vitest';
import { checkAnswers, openRivals, RIVALS } from '../../../compiler/bench/rivals/race-rivals.ts';
import { drawQuestions, loadTwentyRules, makeAnswer, RULES } from '../../../compiler/bench/rivals/twenty-rules.ts';
import { seededRandom } from '../../../compiler/prove/states.ts';

const questions = drawQuestions(1000, seededRandom(9));

describe('the twenty rules', () => {
  test('are twenty, and all engines are installed', async () => {
    expect(RULES).toHaveLength(20);
    const { rivals, missing } = await openRivals();
    expect(missing).toEqual([]);
    expect(rivals.length).toBeGreaterThanOrEqual(Object.keys(RIVALS).length);
  });

  test('get the same answers from every engine', async () => {
    const { rivals } = await openRivals();
    await checkAnswers(await loadTwentyRules(), rivals, questions);
  });

  test('have many answers, and rejections among them', async () => {
    const answer = makeAnswer(await loadTwentyRules());
    const seen = new Set(questions.map(answer));
    expect(seen.size).toBeGreaterThanOrEqual(6);
    expect(seen).toContain(-1);
  });

  test('a rival that answers otherwise is found out', async () => {
    const { rivals } = await openRivals();
    const [cel] = rivals.filter(({ gives }) => gives === 'rule');
    const wrong = { ...cel!, name: 'wrong', decide: () => 0 };
    await expect(checkAnswers(await loadTwentyRules(), [wrong], questions)).rejects.toThrow('`wrong` answers');
  });
});
