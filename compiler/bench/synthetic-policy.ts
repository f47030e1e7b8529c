const PRICES = [
  'free',
  '{ input: 0.25, output: 2 }',
  '{ input: 1.25, output: 10 }',
  '{ input: 0.1, output: 0.4 }',
  '{ input: 3, output: 15 }',
];
const MODELS_A_BACKEND = 4;

/**
 * A policy text with this many targets and traffic policies. Each traffic policy governs a name of its own (an alias), so that names and
 * policies grow together; everything else (categories, SLAs, prices, budgets) stays the same, so that routers of equal targets differ in
 * the number of policies alone. Every fourth backend stands outside and costs what it costs; every model has two backends.
 */
export function writeSyntheticPolicy({ targets, policies }: { readonly targets: number; readonly policies: number }): string {
  const backends = targets / MODELS_A_BACKEND;
  const modelCount = Math.max(MODELS_A_BACKEND, targets / 2);
  const lines = ['version: 1', 'backends:'];
  for (let b = 0; b < backends; b++) {
    const cloud = b % 4 === 3;
    lines.push(`  backend-${b}:`, `    type: ${cloud ? 'generic' : 'vllm'}`, `    url: http://backend-${b}.example`);
    lines.push(
      `    zone: ${cloud || b % 4 === 1 ? 'open' : 'restricted'}`,
      `    tier: ${1 + (b % 5)}`,
      `    priority: ${10 + ((b * 37) % 90)}`,
    );
    lines.push('    models:');
    for (let m = 0; m < MODELS_A_BACKEND; m++) {
      const model = (b * MODELS_A_BACKEND + m) % modelCount;
      const price = PRICES[(b + m) % PRICES.length]!;
      const quality = (0.5 + ((b * 7 + m * 3) % 50) / 100).toFixed(2);
      lines.push(
        `      model-${model}: { quality: ${quality}, context: ${[32, 128, 200][m % 3]}k, price: ${price}, capabilities: ${CAPABILITIES[m]!} }`,
      );
    }
  }
  lines.push('auto:', '  any: { candidates: ["*"] }', '  small: { candidates: ["model-1*", "model-2*"] }', 'aliases:');
  for (let p = 0; p < policies; p++)
    lines.push(`  ${nameOfPolicy(p)}: ${p % 3 === 0 ? 'any' : p % 3 === 1 ? 'small' : `model-${p % modelCount}`}`);
  lines.push('traffic:');
  for (let p = 0; p < policies; p++) {
    lines.push(
      `  - name: policy-${p}`,
      `    match: { model: "${nameOfPolicy(p)}*" }`,
      `    privacy: ${p % 4 === 0 ? 'restricted' : 'unrestricted'}`,
    );
    lines.push(
      `    min_tier: ${1 + (p % 3)}`,
      `    max_cost_per_request: ${[0.01, 0.05, 0.25][p % 3]}`,
      `    sla: ${['fast', 'normal'][p % 2]}`,
    );
  }
  return `${lines.join('\n')}\n${TASKS}`;
}

/** The name that a traffic policy of a synthetic policy governs. */
export const nameOfPolicy = (policy: number): string => `team-${policy % 17}/service-${policy}-chat`;

const CAPABILITIES = ['[tools]', '[tools, json]', '[tools, json, vision]', '[json, reasoning]'];

const TASKS = `classifier:
  keywords: { design: 0.25, refactor: 0.25, debug: 0.1, fix: 0.1 }
  tokens: { per: 20000, up_to: 0.5 }
slas:
  fast: { total: 20s }
  normal: { total: 60s }
categories:
  FAST: { when: { score: "<0.3", input_tokens: "<200" }, min_quality: 0.55, max_cost_per_request: 0.02, max_output_tokens: 1024, objective: cost }
  NORMAL: { when: { score: "<0.6", input_tokens: "<1000" }, min_quality: 0.6, max_cost_per_request: 0.05, objective: balanced }
  COMPLEX: { min_quality: 0.7, max_cost_per_request: 0.5, objective: quality }
`;
