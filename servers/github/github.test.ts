import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readSettings } from '../kit/settings.ts'
import { type Fault, startTestApi } from '../kit/test-api.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { SETTINGS } from './settings.ts'
import { HEAD, said, startTestGitHub, type TestGitHub, TOKEN } from './test-github.ts'

const shop = { owner: 'acme', repo: 'shop' }
let github: TestGitHub
let shared: Started
const started: Started[] = []
beforeAll(async () => {
  github = await startTestGitHub()
  shared = await startServer('github', { ...github.env, RATE_LIMIT: '1000' })
})
beforeEach(() => {
  Object.assign(github.pull, { head: HEAD, base: 'develop', state: 'open', merged: false })
})
afterEach(async () => {
  github.faults.length = 0
  for (const server of started.splice(0)) await server.client.close()
})
afterAll(async () => {
  await shared?.client.close()
  await github?.close()
})

async function start(env: Record<string, string>): Promise<Started> {
  const server = await startServer('github', env)
  started.push(server)
  return server
}

test('lists have pages, and say whether there are more', async () => {
  const first = await shared.call('list_repositories', { per_page: 2 })
  expect(first.data).toMatchObject({ has_next: true, data: [{ fullName: 'acme/shop', private: true }, {}] })
  expect(github.seen.at(-1)!.query.toString()).toBe('page=1&per_page=2&sort=updated')
  const second = await shared.call('list_repositories', { per_page: 2, page: 2 })
  expect(second.data).toMatchObject({ has_next: false, data: [{ fullName: 'acme/tools', description: '' }] })
  const issues = await shared.call('list_issues', { ...shop, per_page: 3, labels: ['bug'] })
  // The third is a pull request.
  expect(issues.data.data.map((one: { number: number }) => one.number)).toEqual([1, 2])
  expect([issues.data.has_next, github.seen.at(-1)!.query.get('labels')]).toEqual([true, 'bug'])
  expect((await shared.call('list_issues', { ...shop, labels: ['other'] })).text).toBe('There are no such issues.')
})

test('a repository, an issue, its comments by pages, code, and pull requests', async () => {
  expect((await shared.call('get_repository', shop)).data).toMatchObject({ defaultBranch: 'develop', mayPush: true })
  expect((await shared.call('get_issue', { ...shop, number: 1 })).data).toMatchObject({
    title: 'Issue 1',
    body: '',
    author: 'ada',
  })
  const all: string[] = []
  let cursor: string | undefined
  do {
    const { data } = await shared.call('list_issue_comments', {
      ...shop,
      number: 1,
      limit: 2,
      ...(cursor ? { cursor } : {}),
    })
    all.push(...data.comments.map((one: { body: string }) => one.body))
    cursor = data.nextCursor
  } while (cursor && all.length < 20)
  expect(all).toEqual(github.comments.map(one => one.body))
  const found = await shared.call('search_code', { query: 'needle language:ts', ...shop })
  expect(found.data).toMatchObject({
    total: 1,
    incomplete: false,
    data: [{ path: 'src/a.ts', fragments: ['found needle language:ts repo:acme/shop'] }],
  })
  expect(github.seen.at(-1)!.headers.accept).toBe('application/vnd.github.text-match+json')
  const both = await shared.call('search_code', { query: 'a OR b', ...shop })
  expect([both.data.data.length, both.text]).toEqual([1, expect.stringContaining('in other places was left out')])
  expect((await shared.call('search_code', { query: 'a OR b repo:acme/shop' })).data.data).toHaveLength(2)
  const pulls = await shared.call('list_pull_requests', shop)
  expect(pulls.data.data).toMatchObject([
    { number: 3, head: 'ada:feature', headSha: HEAD, base: 'develop', state: 'open' },
  ])
})

test('long comments come by pages that fit, none lost', async () => {
  const kept = github.comments.splice(0)
  github.comments.push(...Array.from({ length: 5 }, (_, n) => ({ id: n, body: String(n).repeat(60_000) })))
  const sizes: number[] = []
  let cursor: string | undefined
  do {
    const { data } = await shared.call('list_issue_comments', {
      ...shop,
      number: 1,
      limit: 3,
      ...(cursor ? { cursor } : {}),
    })
    sizes.push(...data.comments.map((one: { id: number }) => one.id))
    expect(data.comments.length).toBe(1)
    cursor = data.nextCursor
  } while (cursor && sizes.length < 20)
  expect(sizes).toEqual([0, 1, 2, 3, 4])
  github.comments.splice(0, Infinity, ...kept)
})

test.each<[string, Record<string, unknown>]>([
  ['get_repository', { owner: 'acme', repo: '..' }],
  ['get_repository', { owner: '..', repo: 'x' }],
  ['get_repository', { owner: 'acme/../../user', repo: 'x' }],
  ['get_repository', { owner: 'acme', repo: 'shop/issues' }],
  ['get_repository', { owner: 'acme', repo: 'shop%2f..' }],
  ['get_repository', { owner: 'acme', repo: 'shop?x=1' }],
  ['get_repository', { owner: 'acme', repo: 'shop#' }],
  ['get_repository', { owner: 'acme@evil.example', repo: 'shop' }],
  ['get_issue', { ...shop, number: 0 }],
  ['get_issue', { ...shop, number: '1/../../2' }],
  ['delete_branch', { ...shop, confirm: true, branch: '../../../issues/1' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'refs/heads/main' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'a..b' }],
  ['delete_branch', { ...shop, confirm: true, branch: '/main' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'main/' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'main\n' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'x.lock' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'a/.b' }],
  ['create_issue', { ...shop, title: '  ' }],
  ['create_issue', { ...shop, title: 'x'.repeat(257) }],
  ['create_issue', { ...shop, title: 'x', body: 'x'.repeat(65_537) }],
  ['comment_issue', { ...shop, number: 1, body: '' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'HEAD' }],
  ['delete_branch', { ...shop, confirm: true, branch: '\ud800' }],
  ['delete_branch', { ...shop, confirm: true, branch: 'topic', sha: 'main' }],
  ['list_issues', { ...shop, labels: ['bug,other'] }],
  ['search_code', { query: 'x', repo: 'shop' }],
  ['search_code', { query: '\udfff' }],
  ['search_code', { query: 'x repo:acme/site', ...shop }],
  ['search_code', { query: 'org:other x', owner: 'acme' }],
  ['search_code', { query: 'x OR (user:other)', ...shop }],
  ['list_repositories', { per_page: 101 }],
])('%s(%j) is refused before GitHub is asked', async (tool, args) => {
  const before = github.seen.length
  expect((await shared.call(tool, args)).failed).toBe(true)
  expect(github.seen.length).toBe(before)
})

const soon = () => String(Math.floor(Date.now() / 1000) + 1800)
test.each<[string, () => Fault, string, RegExp]>([
  ['a wrong token', () => said(401, 'Bad credentials'), 'permission_denied', /does not know this token.*GITHUB_TOKEN/],
  [
    'a missing scope',
    () =>
      said(403, 'Must have admin rights', { 'x-oauth-scopes': 'gist, read:org', 'x-accepted-oauth-scopes': 'repo' }),
    'permission_denied',
    /needs the scope repo \(it has gist, read:org\)/,
  ],
  [
    'a missing permission',
    () =>
      said(403, 'Resource not accessible by personal access token', {
        'x-accepted-github-permissions': 'issues=write; pull_requests=write',
      }),
    'permission_denied',
    /needs the permission issues=write or pull_requests=write/,
  ],
  [
    'single sign-on',
    () =>
      said(403, 'Resource protected by organization SAML enforcement', {
        'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=A1',
      }),
    'permission_denied',
    /authorize the token there: https:\/\/github.com\/orgs\/acme\/sso/,
  ],
  [
    'nothing there',
    () => said(404, 'Not Found', { 'x-accepted-github-permissions': 'metadata=read' }),
    'not_found',
    /or this token may not see it.*the token needs the permission metadata=read/,
  ],
  ['nothing to merge', () => said(405, 'Pull Request is not mergeable'), 'conflict', /Pull Request is not mergeable/],
  [
    'a diff that is too large',
    () => said(406, 'Sorry, the diff exceeded the maximum number of lines (20000)'),
    'validation_error',
    /too large for GitHub/,
  ],
  ['a conflict', () => said(409, 'Git Repository is empty.'), 'conflict', /Git Repository is empty/],
  ['switched off', () => said(410, 'Issues are disabled for this repo'), 'not_found', /Issues are disabled/],
  [
    'wrong input',
    () => said(422, 'Validation Failed', {}, { errors: [{ resource: 'Issue', field: 'labels', code: 'invalid' }] }),
    'validation_error',
    /Validation Failed.*labels.*invalid/,
  ],
  ['legal reasons', () => said(451, 'Repository access blocked'), 'permission_denied', /legal reasons/],
  [
    'a used up limit',
    () =>
      said(403, 'API rate limit exceeded for user ID 1.', {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': soon(),
      }),
    'rate_limited',
    /is used up\. Wait 1[78]\d\d s/,
  ],
  [
    'too much at once',
    () => said(403, 'You have exceeded a secondary rate limit. Please wait a few minutes.', { 'retry-after': '90' }),
    'rate_limited',
    /asked too quickly\. Wait 90 s/,
  ],
  [
    'too much at once, as 429',
    () => said(429, 'You have exceeded a secondary rate limit.', { 'retry-after': '60' }),
    'rate_limited',
    /asked too quickly\. Wait 60 s/,
  ],
])('%s is told so that one can act, and not asked again', async (_, fault, kind, words) => {
  const before = github.seen.length
  github.faults.push(fault())
  const { text, data } = await shared.call('get_repository', shop)
  expect([data.error?.kind, text]).toEqual([kind, expect.stringMatching(words)])
  expect(github.seen.length - before).toBe(1)
})

test('a limit that ends soon is waited for, once', async () => {
  github.faults.push(said(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '1' }))
  expect((await shared.call('get_repository', shop)).failed).toBe(false)
  github.faults.push(...Array(2).fill(said(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '1' })))
  expect((await shared.call('get_repository', shop)).data.error.kind).toBe('rate_limited')
  expect(github.faults).toEqual([])
})

test.each<[string, Fault[], boolean, RegExp]>([
  ['a lost connection', ['drop'], false, /acme\/shop/],
  ['server errors for a moment', [{ status: 502, body: '<html>' }, { status: 500 }], false, /acme\/shop/],
  ['a lost connection to the end', Array(4).fill('drop'), true, /^GitHub cannot be reached.*upstream_error/],
  ['server errors to the end', Array(4).fill({ status: 503 }), true, /^GitHub failed \(HTTP 503\).*upstream_error/],
  ['garbage', ['garbage'], true, /^GitHub answered what cannot be read.*upstream_error/],
  ['half an answer', ['cut'], true, /^GitHub answered what cannot be read.*upstream_error/],
  ['an answer of another shape', [{ body: { full_name: 7 } }], true, /^GitHub answered what cannot be read/],
])('%s', async (_, faults, fails, words) => {
  github.faults.push(...faults)
  const { failed, text } = await shared.call('get_repository', shop)
  expect([failed, text]).toEqual([fails, expect.stringMatching(words)])
  expect(github.faults).toEqual([])
})

test('silence ends with the call’s time', async () => {
  const server = await start({ ...github.env, CALL_TIMEOUT_MS: '1000' })
  github.faults.push('silence', 'silence')
  expect((await server.call('get_repository', shop)).data.error.kind).toBe('timeout')
  expect((await server.call('comment_issue', { ...shop, number: 1, body: 'x' })).text).toContain(
    'look with list_issue_comments',
  )
})

test('the token goes to its place alone, and stands in no answer and no log', async () => {
  const elsewhere = await startTestApi(() => ({ body: {} }))
  const server = await start({ ...github.env, LOG_LEVEL: 'debug' })
  github.faults.push({ status: 301, headers: { location: `${elsewhere.url}/repos/acme/other` }, body: {} })
  await server.call('get_repository', shop)
  expect(elsewhere.seen).toHaveLength(1)
  expect(JSON.stringify(elsewhere.seen)).not.toContain(TOKEN)
  github.faults.push(said(422, `no ${TOKEN}`))
  const { data } = await server.call('get_repository', shop)
  expect(JSON.stringify(data) + server.log()).not.toContain(TOKEN)
  await elsewhere.close()
})

test('without a token all tools are listed, and a call says which setting; odd settings are said at start', async () => {
  const bare = await start({})
  const { tools } = await bare.client.listTools()
  expect(tools).toHaveLength(12)
  expect(
    tools
      .filter(tool => tool.annotations?.destructiveHint)
      .map(tool => tool.name)
      .toSorted(),
  ).toEqual(['delete_branch', 'merge_pull_request'])
  expect((await bare.call('list_repositories')).text).toMatch(/^There is no GitHub token\..*GITHUB_TOKEN/)
  for (const GITHUB_API_URL of [
    'http://github.example',
    'http://localhost.example',
    'https://x:y@github.example',
    'https://github.example?x',
  ])
    expect(() => readSettings(SETTINGS, { GITHUB_API_URL })).toThrow('GITHUB_API_URL')
  expect(() => readSettings(SETTINGS, { GITHUB_TOKEN: 'a\nb' })).toThrow('GITHUB_TOKEN')
})
