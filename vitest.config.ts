import { defineConfig } from 'vitest/config';

const never = ['**/node_modules/**', 'build/**'];

export default defineConfig({
  test: {
    pool: 'forks',
    // Concurrent tests of one file: the chaos scenarios, of several processes each.
    maxConcurrency: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...never, '**/*.it.test.ts', '**/*.sim.test.ts'],
          testTimeout: 20_000,
        },
      },
      { extends: true, test: { name: 'sim', include: ['**/*.sim.test.ts'], exclude: never, testTimeout: 200_000 } },
      {
        extends: true,
        test: {
          name: 'it',
          include: ['**/*.it.test.ts'],
          exclude: never,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
