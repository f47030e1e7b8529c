/**
 * Checks a law on further random samples until those so far have put it to the test, at most `most` times: one of them may be made of
 * cases in which the law says nothing. That they did is for the caller to assert.
 */
export async function drawUntil(isEnough: () => boolean, check: () => Promise<void>, most = 8): Promise<void> {
  for (let draw = 0; draw < most && (draw === 0 || !isEnough()); draw++) await check();
}
