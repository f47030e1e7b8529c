import { readTests } from '../../../compiler/cli/read-tests.ts';
import { readSources } from '../../../compiler/cli/sources.ts';
import { loadCandidate } from '../../../compiler/trial/load-candidate.ts';
import { locateIn } from '../../../compiler/trial/locate.ts';
import { type Source, understand } from '../../../compiler/understand.ts';

/** A policy and its tests, ready to run. Throws where one of the two has a finding. */
export async function worldOf(policy: readonly Source[], tests: readonly Source[]) {
  const { set, diagnostics } = understand(policy);
  const read = await readTests(tests, set);
  const found = [...diagnostics, ...read.diagnostics].filter(({ severity }) => severity === 'error');
  if (set === null || found.length > 0) throw new Error(found.map(({ message }) => message).join('\n'));
  return { set, tests: read.tests, locate: locateIn(policy), candidate: await loadCandidate(set) };
}

export async function worldIn(folder: string) {
  const io = { cwd: folder, stdin: process.stdin };
  return await worldOf(await readSources(['.'], io), await readSources(['.'], io, 'tests'));
}

/** A small policy with a bit of everything. */
export const SMALL = `
backends:
  box: { type: ollama, tier: 2, priority: 100, models: { small: { quality: 0.6, context: 32k }, coder: { tier: 3, quality: 0.7 } } }
  sky: { type: openai, api_key_env: SKY, tier: 4, models: { large: { quality: 0.9, price: { input: 1, output: 4 } } } }
aliases: { default: auto }
auto: { auto: { candidates: ["*"] }, private: { candidates: ["*"] } }
fallbacks: { large: [coder] }
keys:
  finder: { sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", team: search }
  writer: { sha256: "1f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", team: docs }
traffic:
  - { name: inside, match: { model: private }, privacy: restricted, fallback_allowed: false }
  - { name: search, match: { team: search }, min_tier: 3, max_cost_per_request: 0.01 }
classifier: { keywords: { design: 0.4, fix: 0.2 } }
categories:
  EASY: { when: { score: "<0.3", input_tokens: "<100" }, min_quality: 0.5, objective: cost, sla: quick }
  HARD: { min_quality: 0.65, objective: quality }
classes:
  code: { when: { words: [code] }, candidates: ["coder", "large"] }
slas: { quick: { first_token: 1s } }
budgets: { all: { limit_usd: 10 } }
`;
