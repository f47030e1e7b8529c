import { createHash } from 'node:crypto';

/** The caller's key of the measured policy. */
export const KEY = 'nx-bench-0123456789abcdef0123456789abcdef';

/** A policy with everything on that a request passes: keys and scopes, aliases, a fallback, traffic rules, two targets to choose from. */
export function writePolicy(backendPort: number): string {
  const url = `http://127.0.0.1:${backendPort}`;
  return `
backends:
  house: { type: vllm, url: "${url}", tier: 2, priority: 100, models: { m: { quality: 0.8 }, small: { quality: 0.5 } } }
  spare: { type: generic, zone: restricted, url: "${url}/v1/", tier: 2, models: { m: { quality: 0.7 }, stream-200-1: {}, stream-50-20: {}, stream-3-1: {}, stream-400-0: {} } }
aliases: { gpt-4: default, default: m }
fallbacks: { m: [small] }
traffic:
  - { name: customer-data, match: { model: "support-*" }, privacy: restricted }
  - { name: search, match: { model: ["gpt-*", "m"], team: [search] }, min_tier: 2, privacy: restricted, fallback_allowed: false }
keys:
  bench: { sha256: "${createHash('sha256').update(KEY).digest('hex')}", team: search, scopes: [llm:invoke] }
`;
}

/** The same streams from a backend that speaks Anthropic's API, whose key stands in this variable. */
export const UPSTREAM_KEY = 'BENCH_UPSTREAM_KEY';

export function writeTranslatedPolicy(backendPort: number): string {
  return `
backends:
  claude: { type: anthropic, api_key_env: ${UPSTREAM_KEY}, url: "http://127.0.0.1:${backendPort}", models: { stream-200-1: { price: free }, stream-50-20: { price: free }, stream-3-1: { price: free } } }
keys:
  bench: { sha256: "${createHash('sha256').update(KEY).digest('hex')}", team: search, scopes: [llm:invoke] }
`;
}

/** A chat of 1 KB. */
export const BODY = JSON.stringify({
  model: 'gpt-4',
  messages: [
    { role: 'system', content: 'You answer briefly, in whole sentences.' },
    { role: 'user', content: 'the router reads a request once and leaves every other byte as it was '.repeat(13).slice(0, 900) },
  ],
  temperature: 0.2,
});

export const streamBody = (events: number, gap: number): string =>
  JSON.stringify({ model: `stream-${events}-${gap}`, stream: true, messages: [{ role: 'user', content: 'tell me something' }] });
