import fc from 'fast-check';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { main } from '../../../compiler/cli/main.ts';
import { drawFrontiers } from '../../../compiler/frontier/draw-frontier.ts';
import { findFrontier, listFrontiers } from '../../../compiler/frontier/find-frontier.ts';
import { orderTargets } from '../../../compiler/interpret/interpret.ts';
import { anyPolicySet } from '../../build/any-policy-set.ts';
import { buildPolicySet } from '../../build/build-policy-set.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';

const set = buildPolicySet({
  backends: [{ name: 'home' }, { name: 'cloud', type: 'openai', priority: 10 }],
  targets: [
    { backend: 'home', model: 'small', quality: 600_000 },
    { backend: 'cloud', model: 'mid', quality: 800_000, price: { input: 1_000_000, output: 4_000_000 } },
    { backend: 'cloud', model: 'bad', quality: 700_000, price: { input: 2_000_000, output: 4_000_000 } },
    { backend: 'cloud', model: 'low', quality: 500_000, price: { input: 1, output: 1 } },
    { backend: 'cloud', model: 'odd', quality: 990_000, price: 'unknown' },
    { backend: 'home', model: 'vec', capabilities: ['embeddings'] },
  ],
  categories: [{ name: 'A & B', minQuality: 650_000, maxCost: 3_500_000_000 }],
  classes: [{ name: 'easy', candidates: ['small', 'bad'] }],
});

describe('a frontier', () => {
  test('has cost and quality of every chat target, floor and cap, and who dominates whom', () => {
    const frontier = findFrontier(set, { category: 0, class: null });
    expect(frontier).toMatchObject({ category: 'A & B', class: null, floor: 650_000, cap: 3_500_000_000, unpriced: ['cloud/odd'] });
    expect(
      frontier.points.map(({ target, cost, dominatedBy, lastResort, meetsFloor, fitsCap }) => [
        target,
        cost,
        dominatedBy,
        lastResort,
        meetsFloor,
        fitsCap,
      ]),
    ).toEqual([
      ['home/small', 0, null, false, false, true],
      ['cloud/low', 1_500, 'home/small', false, false, true],
      ['cloud/mid', 3_000_000_000, null, false, true, true],
      ['cloud/bad', 4_000_000_000, 'cloud/mid', true, true, false],
    ]);
  });

  test('of a class has its candidates alone, and nobody outside dominates them', () => {
    const { points } = findFrontier(set, { category: null, class: 0 });
    expect(points.map(({ target, dominatedBy }) => [target, dominatedBy])).toEqual([
      ['home/small', null],
      ['cloud/bad', null],
    ]);
    expect(listFrontiers(set).map(({ category, class: taskClass }) => [category, taskClass])).toEqual([
      ['A & B', null],
      [null, 'easy'],
    ]);
  });

  test('is a frontier: what is on it nothing outdoes, what is not on it something on it does', () => {
    fc.assert(
      fc.property(anyPolicySet({ maxTargets: 12 }), (policy) => {
        for (const { points } of listFrontiers(policy)) {
          const best = points.filter(({ dominatedBy }) => dominatedBy === null);
          expect(best.length > 0 || points.length === 0).toBe(true);
          for (const point of points) {
            const outdone = best.some(
              ({ cost, quality }) => cost <= point.cost && quality >= point.quality && (cost < point.cost || quality > point.quality),
            );
            expect(outdone).toBe(point.dominatedBy !== null);
          }
          // Along it quality rises with cost.
          for (const [at, point] of best.entries())
            if (at > 0 && point.cost > best[at - 1].cost) expect(point.quality).toBeGreaterThan(best[at - 1].quality);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('calls a last resort what the router orders last', () => {
    fc.assert(
      fc.property(anyPolicySet({ maxTargets: 10 }), (policy) => {
        const state = { epoch: 0, targets: policy.targets.map(() => UNMEASURED), budgets: policy.budgets.map(() => 0) };
        for (const [row, category] of policy.categories.entries()) {
          if (category.implicit) continue;
          const { points } = findFrontier(policy, { category: row, class: null });
          if (points.length < policy.targets.length) continue;
          const order = orderTargets(policy, row, 'cost', false, state).map(
            (target) => `${policy.backends[policy.targets[target].backend].name}/${policy.models[policy.targets[target].model].name}`,
          );
          const last = points.filter(({ lastResort }) => lastResort).length;
          const resorts = new Set(order.slice(order.length - last));
          for (const { target, lastResort } of points) expect(resorts.has(target)).toBe(lastResort);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the drawing', () => {
  const svg = drawFrontiers(listFrontiers(set));

  test('says in words what it shows, and escapes what people wrote', () => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*role="img" aria-labelledby="title desc">/);
    expect(svg).toContain('<title id="title">');
    expect(svg).toContain('Category A &amp; B: on the frontier home/small (free, quality 0.6), cloud/mid ($0.003, quality 0.8).');
    expect(svg).toContain('cloud/bad is dominated by cloud/mid.');
    expect(svg).toContain('floor 0.65');
    expect(svg).toContain('cap $0.0035');
    expect(svg).not.toContain('A & B');
  });

  test('is well formed and stays inside its frame', () => {
    fc.assert(
      fc.property(anyPolicySet({ maxTargets: 12 }), (policy) => {
        const drawn = drawFrontiers(listFrontiers(policy));
        const open: string[] = [];
        for (const [, close, name, selfClosed] of drawn.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
          if (close) expect(open.pop()).toBe(name);
          else if (!selfClosed) open.push(name);
        }
        expect(open).toEqual([]);
        expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
        for (const [, x, y] of drawn.matchAll(/<circle [^>]*cx="([^"]+)" cy="([^"]+)"/g)) {
          expect(Number(x) >= 64 && Number(x) <= 560 && Number(y) >= 56 && Number(y) <= 304).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('is the same every time', () => {
    expect(drawFrontiers(listFrontiers(set))).toBe(svg);
  });
});

describe('policyc frontier', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'policyc-frontier-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  mkdirSync(join(scratch, 'policies'));
  writeFileSync(
    join(scratch, 'policies/a.yaml'),
    `backends: { cloud: { type: openai, api_key_env: K, models: { mid: { quality: 0.8, price: { input: 1, output: 4 } }, big: { quality: 0.9, price: { input: 2, output: 8 } } } } }
categories: { FAST: { min_quality: 0.7, max_cost_per_request: 0.01 } }
classes: { hard: { when: { words: [prove] }, candidates: [big] } }
`,
  );
  async function policyc(...args: string[]) {
    const written = { out: '', err: '' };
    const code = await main(args, {
      cwd: scratch,
      env: {},
      stdin: Readable.from([]),
      stdout: { write: (text) => (written.out += text) },
      stderr: { write: (text) => (written.err += text) },
    });
    return { code, ...written };
  }

  test('prints tables, JSON and SVG, whole or of one category and class', async () => {
    const { code, out } = await policyc('frontier');
    expect(code).toBe(0);
    expect(out).toContain('Category FAST  1000 tokens in, 500 out, quality ≥ 0.7, cost ≤ $0.01');
    expect(out).toMatch(/^● cloud\/big +\$0\.006 +0\.9$/m);
    const { frontiers } = JSON.parse((await policyc('frontier', '--category', 'FAST', '--class', 'hard', '--format', 'json')).out);
    expect(frontiers).toMatchObject([
      { category: 'FAST', class: 'hard', min_quality: 0.7, points: [{ target: 'cloud/big', cost_usd: 0.006 }] },
    ]);
    expect((await policyc('frontier', '--format', 'svg', '--out', 'f.svg')).out).toBe('');
    expect(readFileSync(join(scratch, 'f.svg'), 'utf8')).toBe((await policyc('frontier', '--format', 'svg')).out);
  });

  test('refuses what it does not know', async () => {
    expect(await policyc('frontier', '--class', 'hart')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean `hard`') });
    expect(await policyc('frontier', '--out', 'no/such/folder')).toMatchObject({ code: 2 });
    expect(await policyc('frontier', 'nowhere')).toMatchObject({ code: 2 });
  });
});
