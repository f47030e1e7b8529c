import { createHash } from 'node:crypto';

/** Callers, each with a team and a budget of its own. `patient` never leaves and asks servers that never fail: its bill is known to the last digit. */
export const TEAMS = ['patient', 'restless', 'tight'] as const;
export type Team = (typeof TEAMS)[number];

/** Key of a caller. */
export function keyOf(name: Team | 'ops'): string {
  return `soak-key-${name}`;
}

/** What the team `tight` may spend: less than it asks for. */
export const TIGHT_USD = 0.2;
/** What an answer costs, in billionths of a dollar: 9 output tokens, as all the servers tell, at $1,000 a million. */
export const COST = 9_000_000;
/** The most that a call may cost, in the same: 100 output tokens. */
export const MOST = 100_000_000;
export const MOST_TOKENS = 100;

/** Backends whose answers cost something. */
export const PAID = new Set(['chat', 'claude', 'gemini', 'shaky-claude']);
export const STEADY_MODELS = ['steady-chat', 'steady-claude', 'steady-gemini'] as const;
export const MODELS = [...STEADY_MODELS, 'mixed', 'tight'] as const;

/** Two policies that differ in who is asked first for `mixed`, so that each swap is one. */
export function writePolicy(steady: string, shaky: string, side: 0 | 1): string {
  const price = 'price: { input: 0, output: 1000 }';
  const timeouts = 'timeouts: { connect: 2s, first_token: 1s, idle: 1s, total: 10s }';
  const key = 'api_key_env: SOAK_KEY';
  const caller = (name: Team): string => `  ${name}: { sha256: "${hash(keyOf(name))}", team: ${name}, scopes: ["llm:invoke"] }`;
  const budget = (name: Team, limit: number): string =>
    `  ${name}: { limit_usd: ${limit}, hard_limit_action: block_all, scope: { team: ${name} } }`;
  return `backends:
  chat: { type: openai, url: "${steady}", ${key}, models: { steady-chat: { ${price} }, tight: { ${price} } } }
  claude: { type: anthropic, url: "${steady}", ${key}, models: { steady-claude: { ${price} } } }
  gemini: { type: google, url: "${steady}", ${key}, models: { steady-gemini: { ${price} } } }
  shaky-claude: { type: anthropic, url: "${shaky}", ${key}, priority: ${side === 0 ? 90 : 70}, ${timeouts}, models: { mixed: { ${price} } } }
  shaky-vllm: { type: vllm, url: "${shaky}", priority: 80, ${timeouts}, models: { mixed: { price: free } } }
  shaky-ollama: { type: ollama, url: "${shaky}", priority: ${side === 0 ? 70 : 90}, ${timeouts}, models: { mixed: { price: free } } }
  home: { type: vllm, url: "${steady}", priority: 10, models: { mixed: { price: free } } }
budgets:
  all: { limit_usd: 1000000, hard_limit_action: block_all }
${[budget('patient', 1_000_000), budget('restless', 1_000_000), budget('tight', TIGHT_USD)].join('\n')}
keys:
  ops: { sha256: "${hash(keyOf('ops'))}", scopes: [admin, "llm:invoke", "read:jobs", "write:jobs"] }
${TEAMS.map(caller).join('\n')}
`;
}

function hash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
