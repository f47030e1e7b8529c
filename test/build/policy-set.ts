/** Policies, requests and states for tests: `build…` by hand, `any…` at random with fast-check. */
export { anyPolicySet, type PolicySetBounds } from './any-policy-set.ts';
export { anyQuestion } from './any-question.ts';
export { anySnapshot } from './any-snapshot.ts';
export { buildPolicySet, capabilityBits, type Sketch } from './build-policy-set.ts';
export { buildQuestion, type QuestionSketch } from './build-question.ts';
export { buildSnapshot } from './build-snapshot.ts';
