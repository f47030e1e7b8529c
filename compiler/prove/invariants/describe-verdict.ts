import type { PolicySet } from '../../../schema/policy-set.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { InvariantVerdict } from './prove-invariants.ts';
import { nameTarget, type Witness } from './witness.ts';

/** The finding of an invariant that does not hold, is not clear, or says nothing; null where it is proven. */
export function describeVerdict(
  set: PolicySet,
  { invariant, outcome, vacuous, witness, clause, uncounted }: InvariantVerdict,
): Diagnostic | null {
  const { name, place } = invariant;
  const spot = { place, length: 1 };
  if (outcome === 'refuted') {
    const shown = witness!;
    const { denied } = clause!;
    const because = denied === null || denied.fact === 'cost_usd' ? '' : `, which breaks \`${denied.fact}\``;
    const refuted = finding(
      'refuted-invariant',
      spot,
      `invariant \`${name}\` does not hold: a request for \`${String(shown.request.model)}\` ${outcomeOf(shown, clause!.costs.length > 0)}${because}`,
      `change the policy so that this cannot be, or say in the invariant that it may; \`policyc explain\` shows it with \`--request\` and \`--state\`${flagsOf(shown)}`,
      placesOf(set, shown),
    );
    const { request, headers, key, state, decision, target } = shown;
    return { ...refuted, witness: { request, headers, key, state, decision, target } };
  }
  if (outcome === 'unclear' && uncounted !== null) {
    return finding(
      'unclear-invariant',
      spot,
      `invariant \`${name}\` is neither proven nor refuted: \`${nameTarget(set, uncounted.target)}\` has a tokenizer of its own, and by the bytes of a request may cost up to $${usd(uncounted.upTo)}`,
      `compare with that amount, or bound it: by a lower \`context\`, fewer tokens out, a lower \`max_cost_per_request\`, or an invariant that says less`,
      [{ message: `\`${nameTarget(set, uncounted.target)}\` is where it may go`, place: set.targets[uncounted.target].place }],
    );
  }
  if (outcome === 'unclear') {
    return finding(
      'unclear-invariant',
      spot,
      `invariant \`${name}\` is neither proven nor refuted: ${doubtOf(invariant.given.down !== null && invariant.given.full !== null, clause!.costs.length > 0)}`,
      'move what it compares with by a little, or say less: an invariant that is not shown to hold counts as one that does not',
    );
  }
  if (!vacuous) return null;
  return finding(
    'vacuous-invariant',
    spot,
    `invariant \`${name}\` says nothing: no request is as it describes`,
    'correct its facts, or remove it',
  );
}

function outcomeOf({ decision, target, cost }: Witness, isAboutCost: boolean): string {
  if (decision === 'reject') return 'may be rejected';
  const price = Number.isFinite(cost) ? `may cost $${usd(cost)}` : 'has no known price';
  return `may ${decision === 'queue' ? 'wait for' : 'go to'} \`${target}\`${isAboutCost ? `, where it ${price}` : ''}`;
}

/** Nano-dollars in dollars, to cents or, below one, to three digits; rounded up, since what is over a bound must not look as if it met it. */
function usd(nano: number): string {
  if (nano >= 1e7) return (Math.ceil(nano / 1e7) / 100).toFixed(2);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, nano))) - 2);
  return ((Math.ceil(nano / unit) * unit) / 1e9).toPrecision(3);
}

function doubtOf(isWholeState: boolean, isAboutCost: boolean): string {
  if (isAboutCost) return 'the dearest request is too near to the amount to tell';
  return isWholeState
    ? 'a request may break it in that state, and none that does was found'
    : 'requests may break it, and none that does was found';
}

const flagsOf = ({ key, headers }: Witness): string => {
  const flags = [
    ...(key === null ? [] : [`--key ${key}`]),
    ...(headers['X-Nexus-Category'] === undefined ? [] : [`--category ${headers['X-Nexus-Category']}`]),
    ...(headers['X-Nexus-Class'] === undefined ? [] : [`--class ${headers['X-Nexus-Class']}`]),
    ...(headers['X-Nexus-Flexible'] === undefined ? [] : ['--flexible']),
  ];
  return flags.length === 0 ? '' : `, \`${flags.join(' ')}\``;
};

function placesOf(set: PolicySet, { policy, target }: Witness): Diagnostic['related'] {
  const governing = set.policies[policy];
  const row = set.targets.findIndex((_, at) => nameTarget(set, at) === target);
  return [
    ...(governing.implicit ? [] : [{ message: `\`${governing.name}\` governs the request`, place: governing.place }]),
    ...(row < 0 ? [] : [{ message: `\`${target}\` is where it may go`, place: set.targets[row].place }]),
  ];
}
