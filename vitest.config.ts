import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const deep = Boolean(process.env.GATEHOUSE_DEEP)

export default defineConfig({
  test: {
    include: [`{contract,hub,cli,electron,renderer,servers,build,test}/**/*${deep ? '.deep' : ''}.test.{ts,tsx}`],
    exclude: ['**/node_modules/**', ...(deep ? [] : ['**/*.deep.test.ts'])],
    testTimeout: deep ? 300_000 : 90_000,
    hookTimeout: deep ? 120_000 : 60_000,
    pool: 'forks',
    // Most tests wait for processes: a worker for every core, vitest leaves one out.
    maxWorkers: availableParallelism(),
  },
})
