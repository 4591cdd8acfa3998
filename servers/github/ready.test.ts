import { expect, test } from 'vitest'
import { startOverHttp } from '../kit/test-http.ts'
import { startTestGitHub } from './test-github.ts'

test('over HTTP it is ready where GitHub answers, also where GitHub Enterprise Server has no limits; not with a wrong token', async () => {
  const github = await startTestGitHub()
  const ready = async (env: Record<string, string>) => {
    const server = await startOverHttp('github/main.ts', { ...github.env, ...env })
    const { status } = await server.ask('/ready')
    await server.stop()
    return status
  }
  expect(await ready({ GITHUB_API_URL: `${github.url}/api/v3` })).toBe(200)
  expect(github.seen.at(-1)!.path).toBe('/api/v3/rate_limit')
  expect(await ready({ GITHUB_TOKEN: 'ghp_wrong' })).toBe(503)
  await github.close()
})
