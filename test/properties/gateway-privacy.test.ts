import fc from 'fast-check';
import { expect, test } from 'vitest';
import { choose } from '../../runtime/gateway/choose.ts';
import { loadArtifact } from '../../runtime/router/load-artifact.ts';
import type { LiveRouter } from '../../runtime/router/live-router.ts';
import { CODE } from '../../schema/decision.ts';
import type { Manifest } from '../../schema/manifest.ts';
import type { RequestBody } from '../../schema/request.ts';
import type { RouterModule } from '../../schema/router.ts';
import { UNMEASURED } from '../../schema/snapshot.ts';
import { compileText } from '../e2e/policyd.ts';

/**
 * The law: whatever the policy, the name, the hints and the state of the world, a restricted request that fails over until nothing is
 * left, and waits wherever it is told to, is never sent to, nor made to wait for, a backend outside.
 */
const RUNS = Number(process.env.PRIVACY_RUNS ?? 25);
const REQUESTS = 200;

interface World {
  readonly backends: readonly { readonly open: boolean; readonly tier: number; readonly models: readonly number[] }[];
  readonly fallbacks: readonly (readonly number[])[];
  readonly minTier: number;
  readonly fallbackAllowed: boolean;
  readonly minQuality: number;
  readonly narrowed: number;
}

const MODELS = 4;
const model = fc.nat({ max: MODELS - 1 });

const world: fc.Arbitrary<World> = fc.record({
  backends: fc.array(
    fc.record({
      open: fc.boolean(),
      tier: fc.integer({ min: 1, max: 5 }),
      models: fc.uniqueArray(model, { minLength: 1, maxLength: MODELS }),
    }),
    { minLength: 2, maxLength: 5 },
  ),
  fallbacks: fc.array(fc.uniqueArray(model, { maxLength: 3 }), { minLength: MODELS, maxLength: MODELS }),
  minTier: fc.integer({ min: 1, max: 5 }),
  fallbackAllowed: fc.boolean(),
  minQuality: fc.integer({ min: 0, max: 9 }),
  narrowed: model,
});

/** Every second name of a model is an alias that the restricted policy matches; virtual models have one of each kind, too. */
function write({ backends, fallbacks, minTier, fallbackAllowed, minQuality, narrowed }: World): string {
  const served = (row: number): boolean => backends.some(({ models }) => models.includes(row));
  const rows = Array.from({ length: MODELS }, (_, row) => row).filter(served);
  const chains = rows
    .map((row) => [row, fallbacks[row].filter((next) => next !== row && served(next))] as const)
    .filter(([, chain]) => chain.length > 0);
  return [
    'backends:',
    ...backends.map(({ open, tier, models }, row) => {
      const list = models.map((name) => `m${name}: { quality: 0.${(row * 3 + name * 2) % 10}, price: free }`).join(', ');
      return `  b${row}: { type: generic, zone: ${open ? 'open' : 'restricted'}, url: "http://127.0.0.1:${row + 1}", tier: ${tier}, models: { ${list} } }`;
    }),
    `aliases: { ${rows.flatMap((row) => [`secret-m${row}: m${row}`, `hop-m${row}: secret-m${row}`]).join(', ')} }`,
    `fallbacks: { ${chains.map(([row, chain]) => `m${row}: [${chain.map((next) => `m${next}`).join(', ')}]`).join(', ')} }`,
    'auto: { secret-auto: { candidates: ["*"] }, auto: { candidates: ["*"] } }',
    `traffic: [{ name: inside, match: { model: "secret-*" }, privacy: restricted, min_tier: ${minTier}, fallback_allowed: ${fallbackAllowed} }]`,
    `categories: { ANY: { min_quality: 0.${minQuality} } }`,
    `classes: { narrow: { when: { words: [narrow] }, candidates: [${served(narrowed) ? `m${narrowed}` : `m${rows[0]}`}] } }`,
  ].join('\n');
}

const request = fc.record({
  name: fc.nat(),
  strict: fc.boolean(),
  flexible: fc.boolean(),
  narrow: fc.boolean(),
  tokens: fc.nat({ max: 5_000 }),
  states: fc.array(fc.nat({ max: 7 }), { minLength: 20, maxLength: 20 }),
  turns: fc.array(fc.nat({ max: 7 }), { minLength: 20, maxLength: 20 }),
  loads: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 }),
});

function lay(module: RouterModule, manifest: Manifest, states: readonly number[], loads: readonly number[]) {
  const targets = manifest.targets.map((_, row) => ({
    ...UNMEASURED,
    state: states[row],
    load: loads[row],
    latency_ema_ms: 1 + 900 * loads[row],
  }));
  return module.lay(module.rank({ epoch: 1, targets, budgets: [] }));
}

test('a restricted request never leaves, on any path', async () => {
  const seen = { restricted: 0, sent: 0, outside: 0 };
  await fc.assert(
    fc.asyncProperty(world, fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }), async (drawn, requests) => {
      const files = await compileText(write(drawn));
      const manifest = JSON.parse(files.get('manifest.json')!) as Manifest;
      const { module } = await loadArtifact({ manifest, source: files.get('router.js')! });
      for (const { name, strict, flexible, narrow, tokens, states, turns, loads } of requests) {
        const asked = manifest.names[name % manifest.names.length].name;
        const restricted = asked.startsWith('secret-') || asked.startsWith('hop-');
        const body: RequestBody = {
          endpoint: 'chat',
          model: asked,
          maxOutputTokens: null,
          answers: 1,
          tools: 0,
          required: 1,
          text: () => (narrow ? 'narrow' : ''),
        };
        const hints = { strict, flexible, category: null, class: null };
        const intent = module.analyze(body, hints, 0, { low: tokens, high: tokens, atLeast: () => tokens, exact: () => tokens });
        const router = { module, state: { live: lay(module, manifest, states, loads) } } as unknown as LiveRouter;
        if (restricted) seen.restricted++;
        const tried: number[] = [];
        for (let turn = 0; turn < 20; turn++) {
          const { code, live } = choose(router, intent, tried);
          if (code === CODE.REJECT) break;
          const target = code & CODE.TARGET;
          const { zone } = manifest.backends[manifest.targets[target].backend];
          if (restricted) {
            expect(zone, `${asked} → ${target}`).toBe('restricted');
            seen.sent++;
          } else if (zone === 'open') seen.outside++;
          expect(tried).not.toContain(target);
          tried.push(target);
          // The world moves on between two attempts.
          module.mark(live, turns[turn] % manifest.targets.length, turns[turn]);
        }
      }
    }),
    { numRuns: RUNS },
  );
  // The law says nothing where nothing happens.
  expect(seen.restricted).toBeGreaterThan(RUNS * 20);
  expect(seen.sent).toBeGreaterThan(RUNS * 10);
  expect(seen.outside).toBeGreaterThan(RUNS * 10);
}, 300_000);
