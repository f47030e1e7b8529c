import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Files whose bounds are in time: they run one by one after all others, so that they measure policyc and not their neighbours. */
const TIMED = [
  'test/e2e/{bytes,capacity,chaos,entrance,failover,lifecycle,long-counts,pool-crash,swap}.test.ts',
  'test/e2e/rollout-*.test.ts',
  'test/e2e/attacks/{mistakes,redos}.test.ts',
  'test/e2e/orchestrator/{kubernetes,peers-failures,stream-load,together}.test.ts',
  'test/exams/{ledger-outage,rates-processes}.test.ts',
  'test/properties/analyze.test.ts',
  'test/soak/**/*.test.ts',
  'test/unit/intent/token-{count,counter}.test.ts',
  'test/unit/{diff,prove}/size.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Most tests start policyd or policyc: the TypeScript they run is stripped and compiled once, not at every start.
    env: {
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url)),
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: TIMED,
          // Most tests wait for servers of their own: more of them than cores, less one, are bearable.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
