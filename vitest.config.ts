import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Most tests start policyd or policyc: the TypeScript they run is stripped and compiled once, not at every start.
    env: {
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url)),
    },
    // Most tests wait for servers of their own: more of them than cores, less one, are bearable.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
