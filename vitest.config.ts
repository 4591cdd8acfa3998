import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const deep = Boolean(process.env.GATEHOUSE_DEEP)

export default defineConfig({
  test: {
    include: [`{contract,hub,cli,electron,renderer,servers,build,test}/**/*${deep ? '.deep' : ''}.test.{ts,tsx}`],
    exclude: ['**/node_modules/**', ...(deep ? [] : ['**/*.deep.test.ts'])],
    // How long is too long for a machine five times slower than ours; no test asserts how fast anything is.
    testTimeout: deep ? 300_000 : 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    // Most tests wait for processes: a worker for every core, vitest leaves one out.
    maxWorkers: availableParallelism(),
  },
})
