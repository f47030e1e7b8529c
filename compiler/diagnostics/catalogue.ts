/** What is known of a rule apart from its findings. */
export interface RuleEntry {
  readonly severity: 'error' | 'warning';
  /** A few words: what is wrong. */
  readonly title: string;
  /** One or two sentences: why it matters. */
  readonly why: string;
  /** Judges the whole set of targets, so it is silent while an error hides some of them. */
  readonly needsTargets?: true;
}

/** Every rule of the compiler. The slug names the rule everywhere: in output, in its file, in its sample under `test/samples/`. */
export const RULES = {
  // parse
  'yaml-syntax': { severity: 'error', title: 'not readable as YAML', why: 'A file that can be read in two ways can route in two ways.' },
  'duplicate-name': {
    severity: 'error',
    title: 'a name is defined twice',
    why: 'One of the two definitions would be lost without a word, and which one depends on the order of files.',
  },
  'too-large': {
    severity: 'error',
    title: 'a policy file beyond the bounds',
    why: 'Size and depth of what is read are bounded, so that a file cannot exhaust the machine that checks it.',
  },
  // validate
  'unknown-key': {
    severity: 'error',
    title: 'a key the language does not have',
    why: 'A misspelled key that is ignored is a limit that does not hold.',
  },
  'missing-key': { severity: 'error', title: 'a key that must be given is not', why: 'There is no default that would be safe to assume.' },
  'wrong-type': { severity: 'error', title: 'a value of the wrong kind', why: 'A guess at what was meant could route traffic elsewhere.' },
  'bad-value': { severity: 'error', title: 'a value outside the allowed ones', why: 'A value without a meaning cannot be enforced.' },
  // resolve
  'unknown-reference': {
    severity: 'error',
    title: 'a name that nothing defines',
    why: 'A rule about something that does not exist protects nothing.',
  },
  'alias-cycle': { severity: 'error', title: 'aliases that lead back to themselves', why: 'No model is ever reached.' },
  'alias-depth': {
    severity: 'error',
    title: 'an alias with more than three hops',
    why: 'What a name means must stay readable; three hops are the bound.',
  },
  'fallback-depth': {
    severity: 'error',
    title: 'more than three fallbacks, or one twice',
    why: 'A fallback chain is finite and known when the decision is made.',
  },
  'bad-unit': {
    severity: 'error',
    title: 'a quantity without a readable unit',
    why: 'Milliseconds read as seconds are wrong by a thousand.',
  },
  'bad-glob': {
    severity: 'error',
    title: 'a pattern that is too long, too costly or not a pattern',
    why: 'A pattern runs over names that callers choose; it must never take longer than a look.',
  },
  'unknown-price': {
    severity: 'error',
    title: 'a cloud model without a price under a blocking budget',
    why: 'A budget cannot stop spending that it cannot count.',
  },
  'missing-backend-key': {
    severity: 'error',
    title: 'a cloud backend without `api_key_env`',
    why: 'The provider refuses every call without a key, and keys are read from the environment only.',
  },
  'missing-zone': {
    severity: 'error',
    title: 'a generic backend that does not say its zone',
    why: 'Nothing tells whether the server is in the building, and restricted traffic depends on it.',
  },
  'missing-url': { severity: 'error', title: 'a backend without an address', why: 'Its type has no usual address.' },
  'no-models': { severity: 'error', title: 'a backend without models', why: 'It can never be chosen.' },
  'not-enforced': {
    severity: 'warning',
    title: 'a section that this version reads but does not enforce',
    why: 'A policy that is checked but not applied must never look as if it were.',
  },
  // analyze
  shadowed: {
    severity: 'warning',
    title: 'a policy that can never match',
    why: 'The first policy that matches wins, so what it demands is demanded of nobody.',
    needsTargets: true,
  },
  redundant: {
    severity: 'warning',
    title: 'a policy without which nothing would change',
    why: 'Whoever changes it will think that it matters, and whoever changes the policy below it will not think of this one.',
    needsTargets: true,
  },
  unsatisfiable: {
    severity: 'warning',
    title: 'a policy that rejects every request',
    why: 'Its constraints together leave no target, whatever is up and whoever asks.',
    needsTargets: true,
  },
  infeasible: {
    severity: 'warning',
    title: 'a category or class whose bounds no target meets together',
    why: 'Its floor and its cost cap leave nobody for the request that they were made for: it is rejected, or served below the floor every time.',
    needsTargets: true,
  },
  unreachable: {
    severity: 'warning',
    title: 'a backend or target that no request can reach',
    why: 'It is kept, watched and paid for, and serves nobody.',
    needsTargets: true,
  },
  dominated: {
    severity: 'warning',
    title: 'a target that another outdoes in every respect',
    why: 'It is ordered last, so it serves only when everything else is out.',
    needsTargets: true,
  },
  'looser-alias': {
    severity: 'warning',
    title: 'a policy that another name of the model escapes',
    why: 'Whoever asks for the same model by its other name is held to less.',
    needsTargets: true,
  },
  'small-context': {
    severity: 'warning',
    title: 'a context that the assumed output fills',
    why: "A request without an output cap is taken to need the category's, or 4,096 tokens; a model with no more context can never serve it.",
  },
  'same-url': {
    severity: 'warning',
    title: 'two backends with the same url',
    why: 'They are one server: its load, health and limits are counted as if they were two.',
  },
  'missing-capability': {
    severity: 'warning',
    title: 'requests that none of their targets can serve',
    why: 'What a class, a virtual model or a policy is for needs a capability that none of its targets has.',
    needsTargets: true,
  },
  'empty-candidates': {
    severity: 'warning',
    title: 'a virtual model or class without candidates',
    why: 'Every request that means it is rejected.',
    needsTargets: true,
  },
  'empty-protection': {
    severity: 'warning',
    title: 'a protected pattern that no workload can match',
    why: 'Whoever wrote it believes that something cannot be evicted, and it can.',
  },
  // prove
  'refuted-invariant': {
    severity: 'error',
    title: 'an invariant that does not hold',
    why: 'There is a request and a state in which what was promised is broken.',
  },
  'unclear-invariant': {
    severity: 'error',
    title: 'an invariant that is neither proven nor refuted',
    why: 'A promise that nobody can show to hold must not look like one that does.',
  },
  'vacuous-invariant': {
    severity: 'warning',
    title: 'an invariant that no request can break or keep',
    why: 'It looks like a promise, and checks nothing.',
  },
} as const satisfies Record<string, RuleEntry>;

export type Rule = keyof typeof RULES;
