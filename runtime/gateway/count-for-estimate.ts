import type { Intent } from '../../schema/intent.ts';
import type { TokenCount } from '../../schema/request.ts';
import type { Encoding } from '../../schema/vocabulary.ts';

/** Tokens that are counted for an estimate alone; beyond them the bound stands, and the estimate is one from above. */
const COUNTED = 32_768;

/**
 * The intent with its tokens counted in the target's own encoding. Decisions need an exact count only near a threshold; the estimate
 * that a caller is told is made with one, while the backend works.
 */
export function countForEstimate(intent: Intent, tokens: TokenCount, encoding: Encoding): Intent {
  if (intent.inputLow === intent.inputHigh) return intent;
  const counted = tokens.exact(encoding, COUNTED);
  return counted > COUNTED ? intent : { ...intent, input: counted, inputLow: counted, inputHigh: counted };
}
