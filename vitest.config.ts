import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Most tests wait for servers of their own: more of them than cores, less one, are bearable.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
