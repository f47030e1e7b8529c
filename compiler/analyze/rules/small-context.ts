import type { PolicySet } from '../../../schema/policy-set.ts';
import { DEFAULT_OUTPUT_CAP } from '../../../schema/request.ts';
import { CAPABILITIES } from '../../../schema/vocabulary.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';

const CHAT = 1 << CAPABILITIES.indexOf('chat');

/** A chat model whose whole context is taken by the output that is assumed where a caller gives no cap: such requests never fit. */
export const rule: AnalysisRule = {
  slug: 'small-context',
  check(set) {
    const assumed = leastAssumedCap(set);
    return set.targets.flatMap(({ context, capabilities, backend, upstream, place }) => {
      if (context === null || (capabilities & CHAT) === 0 || context > assumed) return [];
      const name = `${set.backends[backend]!.name}/${upstream}`;
      return [
        finding(
          'small-context',
          { place, length: 1 },
          `\`${name}\` has a context of ${context} tokens, and ${assumed} output tokens are assumed where the caller gives no cap: it can serve no such request`,
          'give its categories a lower `max_output_tokens`, or let its callers send `max_tokens`',
        ),
      ];
    });
  },
};

/** The lowest cap that a request without one can get: a category's, or the default where a category has none. */
const leastAssumedCap = ({ categories }: PolicySet): number =>
  Math.min(...categories.map(({ maxOutputTokens }) => maxOutputTokens ?? DEFAULT_OUTPUT_CAP));
