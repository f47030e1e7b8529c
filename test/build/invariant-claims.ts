/** Every axis, prices with and without a cap, budgets, callers, classes, strict and relaxed floors. */
export const POLICY = `
backends:
  home: { type: ollama, tier: 2, models: { small: { quality: 0.6, context: 32k }, vec: { capabilities: [embeddings], context: 8k } } }
  cloud:
    type: openai
    api_key_env: OPENAI_API_KEY
    tier: 4
    models:
      big: { quality: 0.9, context: 400k, capabilities: [tools, json, vision, reasoning], price: { input: 1.25, output: 10 } }
      mid: { quality: 0.8, context: 128k, price: { input: 0.25, output: 2 } }
aliases: { best: big, only: big, lone: big }
fallbacks: { big: [small] }
auto: { support-chat: { candidates: ["*"] }, auto: { candidates: ["*"] }, fixed: { candidates: ["*"] } }
traffic:
  - { name: inside, match: { model: "support-*" }, privacy: restricted, fallback_allowed: false }
  - { name: fixed, match: { model: [only, fixed] }, min_tier: 3, fallback_allowed: false }
  - { name: alone, match: { model: lone }, fallback_allowed: false }
  - { name: core, match: { team: core }, min_tier: 3, max_cost_per_request: 0.25 }
  - { name: strong, match: { model: best }, min_tier: 4 }
keys:
  ci: { sha256: "${'a'.repeat(64)}", team: core }
  web: { sha256: "${'b'.repeat(64)}", team: front, labels: { env: prod } }
classifier: { keywords: { design: 0.5, fix: 0.1 }, expected_output_tokens: 500 }
categories:
  FAST: { when: { score: "<0.3", input_tokens: "<200" }, min_quality: 0.7, max_output_tokens: 1024, objective: cost }
  HARD: { when: { score: ">=0.3" }, min_quality: 0.85, strict: true, objective: quality }
classes: { proof: { when: { words: [prove] }, candidates: [big] } }
budgets:
  company: { limit_usd: 100, hard_limit_action: block_cloud }
  core: { scope: { team: core }, limit_usd: 10, hard_limit_action: block_all }
`;

/** What is claimed of it, and whether that is so. */
export const CLAIMS: readonly (readonly [claim: string, proven: boolean])[] = [
  ['never: { policy: inside, zone: open }', true],
  ['never: { policy: inside, cloud: true }', true],
  ['when: { policy: inside }\n    always: { zone: restricted, type: ollama, backend: home, privacy: restricted }', true],
  ['never: { policy: core, zone: restricted }', false],
  ['never: { policy: strong, tier: "<4" }', false],
  ['never: { policy: strong, tier: "<2" }', true],
  ['never: { zone: open }', false],
  ['never: { needs: vision, backend: home }', true],
  ['never: { needs: vision, model: big }', false],
  ['never: { needs: [json, reasoning], target: cloud/mid }', false],
  ['never: { endpoint: embeddings, cloud: true }', true],
  ['never: { endpoint: embeddings, model: vec }', false],
  ['when: { requested_model: [big, best], decision: route }\n    always: { model: [big, small] }', true],
  ['when: { requested_model: [big, best], decision: route }\n    always: { model: big }', false],
  ['never: { input_tokens: ">32000", backend: home }', true],
  ['never: { input_tokens: ">20000", backend: home }', false],
  ['never: { input_tokens: ">128000", model: mid }', true],
  ['never: { input_tokens: ">100000", model: mid }', false],
  ['when: { category: FAST }\n    always: { output_tokens: "<=1024" }', true],
  ['when: { category: FAST }\n    always: { output_tokens: "<=1023" }', false],
  ['when: { key: none, decision: route }\n    always: { zone: restricted }', false],
  ['when: { team: front }\n    always: { category: [FAST, HARD] }', false],
  ['never: { category: HARD, model: small }', true],
  ['never: { category: HARD, model: small, requested_model: auto }', true],
  ['never: { category: HARD, class: proof, model: [mid, small] }', true],
  ['never: { label: { env: prod }, class: proof, model: big }', false],
  ['never: { cloud: true }\n    given: { budgets: { company: HardLimit } }', true],
  ['never: { cloud: true }\n    given: { budgets: { company: SoftLimit } }', false],
  ['never: { team: core, decision: [route, queue] }\n    given: { budgets: { core: HardLimit } }', true],
  ['never: { cloud: true }\n    given: { down: [cloud] }', true],
  ['never: { decision: queue }\n    given: { full: [] }', false],
  [
    'when: { requested_model: small, needs_only: tools, endpoint: chat, input_tokens: "<=20000", output_tokens: "<=8000" }\n    never: { decision: reject }\n    given: { down: [], budgets: {} }',
    false,
  ],
  [
    'when: { requested_model: small, needs_only: tools, endpoint: chat, key: none, category: FAST, input_tokens: "<=20000" }\n    never: { decision: reject }\n    given: { down: [] }',
    true,
  ],
  [
    'when: { requested_model: auto, category: FAST, endpoint: chat, key: none, class: none, needs_only: tools, input_tokens: "<=20000" }\n    never: { cloud: true }\n    given: { down: [], full: [], budgets: {} }',
    false,
  ],
  [
    'when: { requested_model: auto, category: FAST, endpoint: chat, key: none, class: none, needs_only: tools, input_tokens: "<=20000" }\n    never: { cloud: true }\n    given: { down: [], full: [], budgets: { company: HardLimit } }',
    true,
  ],
  ['when: { requested_model: mid }\n    always: { cost_usd: "<=1000000" }', true],
  ['when: { requested_model: mid, category: FAST }\n    always: { cost_usd: "<=4.5" }', true],
  ['when: { requested_model: mid, category: FAST, output_tokens: "<=100" }\n    always: { cost_usd: "<=0.0001" }', false],
  ['when: { policy: core, requested_model: mid, category: FAST }\n    always: { cost_usd: "<=0.25" }', false],
  ['never: { policy: fixed, tier: "<3" }', true],
  ['never: { policy: alone, model: small }', true],
  ['never: { requested_model: auto, category: FAST, class: proof, model: [mid, small] }', true],
  [
    'when: { requested_model: auto, category: FAST, endpoint: chat, key: none, class: none, needs_only: tools, input_tokens: "<=20000" }\n    never: { model: big }\n    given: { down: [], full: [], budgets: {} }',
    true,
  ],
  ['when: { requested_model: small, category: HARD }\n    always: { class: none }', true],
  ['when: { policy: core, model: big }\n    always: { input_tokens: "<=200000" }', true],
  ['when: { policy: core, model: big }\n    always: { input_tokens: "<=190000" }', false],
  ['when: { requested_model: mid, category: FAST, needs_only: json, input_tokens: "<=100" }\n    always: { cost_usd: "<=0.1" }', false],
  ['never: { cost_usd: ">1", backend: home }', true],
  ['never: { cost_usd: ">1", backend: cloud }', false],
];

/** The policy with such invariants. */
export const policyWith = (claims: readonly string[]): string =>
  `${POLICY}invariants:\n${claims.map((claim, at) => `  - name: claim ${at}\n    ${claim}\n`).join('')}`;
