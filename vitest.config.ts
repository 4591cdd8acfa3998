import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{contract,hub,cli,electron,renderer,servers,build,test}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/*.deep.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
  },
})
