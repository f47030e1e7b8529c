/** A policy of this many policies and targets as YAML: aliases, keys, teams, contexts, prices, tiers, zones; and invariants that hold. */
export function writeLargePolicy(policies: number, targets: number, invariants = 0): string {
  const lines = ['backends:'];
  const backends = Math.ceil(targets / 4);
  const models = Math.ceil(targets * 0.75);
  for (let b = 0; b < backends; b++) {
    const cloud = b % 4 === 3;
    lines.push(`  backend-${b}:`, `    type: ${cloud ? 'openai' : 'vllm'}`, `    url: http://127.0.${b >> 8}.${b & 255}:8000`);
    if (cloud) lines.push('    api_key_env: OPENAI_API_KEY');
    lines.push(`    tier: ${1 + (b % 5)}`, `    priority: ${10 * (1 + (b % 7))}`, '    models:');
    for (let m = 0; m < 4 && b * 4 + m < targets; m++) {
      const price = cloud ? `{ input: ${1 + m}, output: ${4 + (b % 16)} }` : 'free';
      lines.push(
        `      model-${(b * 4 + m) % models}: { quality: 0.${50 + ((b * 7 + m * 3) % 45)}, context: ${[8, 32, 128, 200][m]}k, price: ${price} }`,
      );
    }
  }
  lines.push('aliases:');
  for (let i = 0; i < models; i++) lines.push(`  alias-${i}: model-${i}`);
  lines.push('auto:', '  auto: { candidates: ["*"] }', 'traffic:');
  for (let p = 0; p < policies; p++) {
    const model = [`model-${p % models}`, `alias-${p % models}`, '*'][p % 3];
    lines.push(`  - name: policy-${p}`, `    match: { model: "${model}", team: team-${p} }`);
    lines.push(
      `    privacy: ${p % 5 === 0 ? 'restricted' : 'unrestricted'}`,
      `    min_tier: ${1 + (p % 3)}`,
      `    max_cost_per_request: 0.${10 + (p % 80)}`,
    );
  }
  lines.push('keys:');
  for (let p = 0; p < policies; p++) {
    lines.push(`  key-${p}: { sha256: "${p.toString(16).padStart(64, '0')}", team: team-${p}, scopes: [llm:invoke] }`);
  }
  if (invariants > 0) lines.push('invariants:');
  for (let i = 0; i < invariants; i++) lines.push(`  - name: promise ${i}`, `    ${promiseOf(i, policies)}`);
  return `${lines.join('\n')}\n`;
}

/** What holds in the policy above: about one policy or team, about all of them, about cost, about a state. */
function promiseOf(row: number, policies: number): string {
  const policy = row % policies;
  const promises = [
    `never: { policy: policy-${policy - (policy % 5)}, zone: open }`,
    'never: { privacy: restricted, cloud: true }',
    `when: { team: team-${policy} }\n    always: { cost_usd: "<=${1_000 + row}" }`,
    `never: { cost_usd: ">${5_000 + row}" }`,
    `never: { requested_model: "alias-${row % 9}", privacy: restricted, zone: open }\n    given: { down: [backend-0], full: [] }`,
  ];
  return promises[row % promises.length];
}
