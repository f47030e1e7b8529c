/** Policies, requests and states for tests: `buildPolicySet` by hand, the others at random with fast-check. */
export { anyPolicySet, type PolicySetBounds } from './any-policy-set.ts';
export { anyQuestion } from './any-question.ts';
export { anySnapshot } from './any-snapshot.ts';
export { buildPolicySet, capabilityBits, type Sketch } from './build-policy-set.ts';
