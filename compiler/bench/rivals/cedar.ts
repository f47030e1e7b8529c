import type { Rival } from './rival.ts';
import { RULES } from './twenty-rules.ts';

const SET = 'policyc-bench';
const ENTITY = { type: 'Gateway', id: 'one' };

/** One policy a rule, parsed beforehand; all that match are named, the first of them governs. */
export async function makeCedar(): Promise<readonly Rival[]> {
  const { preparsePolicySet, statefulIsAuthorized } = await import('@cedar-policy/cedar-wasm/nodejs');
  const staticPolicies = Object.fromEntries(
    RULES.map(({ family, team }, row) => {
      const conditions = [...(family ? [`context.model like "${family}-*"`] : []), ...(team ? [`context.team == "${team}"`] : [])];
      const when = conditions.length === 0 ? '' : ` when { ${conditions.join(' && ')} }`;
      return [String(row), `permit(principal, action, resource)${when};`];
    }),
  );
  const parsed = preparsePolicySet(SET, { staticPolicies });
  if (parsed.type === 'failure') throw new Error(parsed.errors.map(({ message }) => message).join('\n'));
  const rival: Rival = {
    name: '@cedar-policy/cedar-wasm',
    gives: 'rule',
    decide({ model, team }) {
      const answer = statefulIsAuthorized({
        principal: ENTITY,
        action: ENTITY,
        resource: ENTITY,
        context: { model, team },
        preparsedPolicySetId: SET,
        entities: [],
      });
      if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('\n'));
      return answer.response.diagnostics.reason.reduce((first, id) => Math.min(first, Number(id)), RULES.length);
    },
  };
  return [rival];
}
