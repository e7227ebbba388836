import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Find or make the Python environment in which real Keras judges what we write, then the native backend with its
    // TensorFlow.
    globalSetup: ['test/oracle/setup.ts', 'test/runtime/native-setup.ts'],
    // Tests on a native backend name the one that was built for them; the others compute the same with and without one.
    env: { SE_RETROFIT_NATIVE: '/nowhere' },
    testTimeout: 120_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // A machine has two cores at the least, and TensorFlow.js' wasm backend likes one to itself.
    maxWorkers: 2,
  },
});
