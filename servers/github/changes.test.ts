import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Fault } from '../kit/test-api.ts'
import { type Started, startServer } from '../kit/test-client.ts'
import { HEAD, said, startTestGitHub, type TestGitHub, TOKEN } from './test-github.ts'

const shop = { owner: 'acme', repo: 'shop' }
let github: TestGitHub
let shared: Started
beforeAll(async () => {
  github = await startTestGitHub()
  shared = await startServer('github', { ...github.env, RATE_LIMIT: '1000' })
})
beforeEach(() => {
  Object.assign(github.pull, { head: HEAD, base: 'develop', state: 'open', merged: false })
})
afterEach(() => {
  github.faults.length = 0
  Object.assign(github, { dropsLabels: false, before: () => {} })
})
afterAll(async () => {
  await shared?.client.close()
  await github?.close()
})
const asked = () => github.seen.map(one => `${one.method} ${one.path}`)

test('an issue is opened and commented once, also when the answer is lost', async () => {
  const opened = await shared.call('create_issue', { ...shop, title: 'New', body: 'text', labels: ['bug'] })
  expect(github.issues.at(-1)).toMatchObject({
    title: 'New',
    body: 'text',
    labels: ['bug'],
    number: opened.data.number,
  })
  const commented = await shared.call('comment_issue', { ...shop, number: 1, body: 'me too' })
  expect(github.comments.at(-1)).toEqual({ id: commented.data.id, body: 'me too' })
  for (const fault of ['lose-answer', { status: 502 }] as Fault[]) {
    const before = github.seen.length
    github.faults.push(fault)
    const lost = await shared.call('create_issue', { ...shop, title: 'Twice?' })
    expect([fault, github.seen.length - before]).toEqual([fault, 1])
    expect(lost.text).toContain('It may have been done: look with list_issues before you try again.')
  }
  expect(github.issues.filter(one => one.title === 'Twice?')).toHaveLength(1)
})

test('a diff comes by pages of one commit, whole, or not at all', async () => {
  const kept = github.pull.diff
  github.pull.diff += '+äöü🙂 und mehr\n'.repeat(12_000)
  let diff = ''
  let cursor: string | undefined
  let pages = 0
  do {
    const { data, text } = await shared.call('get_pull_request_diff', {
      ...shop,
      number: 3,
      ...(cursor ? { cursor } : {}),
    })
    diff += data.diff
    cursor = data.nextCursor
    expect(data).toMatchObject({ headSha: HEAD, totalChars: github.pull.diff.length })
    expect(text.startsWith(`#3 at ${HEAD}, to develop\n\n`)).toBe(true)
    expect(text.includes('more characters.\n… there is more: call again with cursor: ')).toBe(
      data.nextCursor !== undefined,
    )
    if (cursor && pages === 0) {
      github.pull.head = 'd'.repeat(40)
      const changed = await shared.call('get_pull_request_diff', { ...shop, number: 3, cursor })
      expect([changed.data.error?.kind, changed.text]).toEqual([
        'conflict',
        expect.stringContaining('changed meanwhile'),
      ])
      github.pull.head = HEAD
    }
  } while (cursor && ++pages < 20)
  expect(pages).toBeGreaterThan(2)
  expect(diff === github.pull.diff).toBe(true)
  github.pull.diff = kept
  for (const body of ['', '<html>a proxy speaks']) {
    github.pull.diff = body
    expect((await shared.call('get_pull_request_diff', { ...shop, number: 3 })).text).toContain(
      'answered what cannot be read',
    )
  }
  github.pull.diff = kept
})

test('a pull request is merged only as it was looked at, and never into a protected branch', async () => {
  const merge = (more = {}) =>
    shared.call('merge_pull_request', { ...shop, number: 3, sha: HEAD, base: 'develop', confirm: true, ...more })
  expect((await merge({ confirm: undefined })).failed).toBe(true)
  expect((await merge({ sha: HEAD.slice(1) })).failed).toBe(true)
  expect((await merge({ sha: 'd'.repeat(40) })).text).toContain('The pull request was changed meanwhile.')
  for (const base of ['main', 'master', 'release/1.0', 'release/2/3', 'MAIN']) {
    github.pull.base = base
    expect([base, (await merge({ base })).text]).toEqual([
      base,
      expect.stringContaining(`The branch ${base} is protected.`),
    ])
  }
  github.pull.base = 'other'
  expect((await merge()).text).toContain('The pull request goes to other, not to develop.')
  expect(asked().filter(one => one.startsWith('PUT'))).toEqual([])
  github.pull.base = 'develop'
  // Changed between our look and GitHub's.
  github.faults.push(
    { lateMs: 0 },
    { lateMs: 0 },
    said(409, 'Head branch was modified. Review and try the merge again.'),
  )
  const late = await merge()
  expect([late.data.error?.kind, late.text]).toEqual(['conflict', expect.stringContaining('Head branch was modified')])
  const merged = await merge({ method: 'squash', commitTitle: 'One' })
  expect(merged.data).toEqual({ merged: true, sha: 'c'.repeat(40), base: 'develop', baseConfirmed: true })
  expect(JSON.parse(github.seen.findLast(one => one.method === 'PUT')!.body)).toEqual({
    sha: HEAD,
    merge_method: 'squash',
    commit_title: 'One',
  })
  expect((await merge()).text).toContain('The pull request is merged.')
})

test('a branch is deleted, but no protected one, no default one, and none that has another name now', async () => {
  const remove = (branch: string, more = {}) =>
    shared.call('delete_branch', { ...shop, branch, confirm: true, ...more })
  expect((await remove('feature/äöü-#1', { confirm: false })).failed).toBe(true)
  const refused = {
    main: 'The branch main is protected.',
    'release/1.0': 'is protected.',
    guarded: 'guarded is protected on GitHub.',
    develop: 'develop is the default branch.',
    renamed: 'renamed is called main now.',
    gone: 'knows nothing of that name',
  }
  for (const [branch, words] of Object.entries(refused)) expect((await remove(branch)).text).toContain(words)
  expect(asked()).not.toContain('POST /graphql')
  expect((await remove('feature/äöü-#1')).data).toEqual({ branch: 'feature/äöü-#1', sha: HEAD })
  const update = { name: 'refs/heads/feature/äöü-#1', beforeOid: HEAD, afterOid: '0'.repeat(40) }
  expect(asked().at(-1)).toBe('POST /graphql')
  expect(JSON.parse(github.seen.at(-1)!.body).variables.input.refUpdates).toEqual([update])
  expect([...github.branches.keys()]).not.toContain('feature/äöü-#1')
  // Also beside the REST API of GitHub Enterprise Server.
  const enterprise = { ...github.env, GITHUB_API_URL: `${github.url}/api/v3/`, PROTECTED_BRANCHES: 'none' }
  const free = await startServer('github', enterprise)
  const freed = await free.call('delete_branch', { ...shop, branch: 'release/1.0', confirm: true })
  await free.client.close()
  expect([freed.failed, asked().at(-1)]).toEqual([false, 'POST /api/graphql'])
})

test('a merge that was sent elsewhere in the same moment is said as a failure; an unseen end as a doubt', async () => {
  const merge = () =>
    shared.call('merge_pull_request', { ...shop, number: 3, sha: HEAD, base: 'develop', confirm: true })
  github.before = ({ method }) => {
    if (method === 'PUT') github.pull.base = 'main'
  }
  const elsewhere = await merge()
  expect([elsewhere.failed, elsewhere.data.error.details]).toEqual([
    true,
    { merged: true, sha: 'c'.repeat(40), base: 'main' },
  ])
  expect(elsewhere.text).toMatch(/was merged as c+, but into main, not into develop.*Tell the person at once/)
  Object.assign(github.pull, { base: 'develop', state: 'open', merged: false })
  github.before = () => {}
  github.faults.push({ lateMs: 0 }, { lateMs: 0 }, { lateMs: 0 }, said(403, 'Forbidden'))
  const unseen = await merge()
  expect([unseen.data.baseConfirmed, unseen.text]).toEqual([false, expect.stringContaining('could not be looked up')])
  const list = await shared.call('list_pull_requests', { ...shop, state: 'closed' })
  expect([list.data.data[0].state, github.seen.at(-1)!.query.get('direction')]).toEqual(['merged', 'desc'])
})

test('while a merge waits its turn, what it was allowed for may end: then it is not sent', async () => {
  const merge = () =>
    shared.call('merge_pull_request', { ...shop, number: 3, sha: HEAD, base: 'develop', confirm: true })
  const puts = () => asked().filter(one => one.startsWith('PUT')).length
  const sent = puts()
  let looks = 0
  github.before = ({ path }) => {
    if (path.endsWith('/pulls/3') && ++looks === 2) github.pull.base = 'main'
  }
  expect((await merge()).text).toMatch(/^The branch main is protected\..*permission_denied/)
  github.pull.base = 'develop'
  github.before = () => {}
  for (const fault of ['drop', said(403, 'Forbidden')] as Fault[]) {
    github.faults.push({ lateMs: 0 }, fault)
    expect((await merge()).text).toMatch(/could not be asked once more\. Nothing was done: try again\./)
  }
  expect(puts()).toBe(sent)
  expect((await merge()).data.merged).toBe(true)
})

test('what cannot be undone is not done under a name that a repository had before', async () => {
  const old = { owner: 'acme', repo: 'old', confirm: true }
  const answers = [
    await shared.call('merge_pull_request', { ...old, number: 3, sha: HEAD, base: 'develop' }),
    await shared.call('delete_branch', { ...old, branch: 'develop' }),
  ]
  for (const { text } of answers) expect(text).toMatch(/^acme\/old is called acme\/shop now\..*conflict/)
})

test('a branch to which somebody pushed meanwhile is not deleted', async () => {
  const remove = (more = {}) => shared.call('delete_branch', { ...shop, branch: 'topic', confirm: true, ...more })
  github.branches.set('topic', { sha: HEAD, protected: false })
  expect((await remove({ sha: 'd'.repeat(40) })).text).toContain(`topic is at ${HEAD}, not at d`)
  github.before = ({ path }) => {
    if (path === '/graphql') github.branches.get('topic')!.sha = 'e'.repeat(40)
  }
  expect((await remove()).text).toMatch(/cannot do this as things are now: .*is not at a+.*conflict/)
  expect(github.branches.has('topic')).toBe(true)
  github.before = () => {}
  const refusal = (type: string) => ({ body: { data: { updateRefs: null }, errors: [{ type, message: 'Not you' }] } })
  const told = {
    'may not do that.*permission_denied': refusal('FORBIDDEN'),
    'GitHub says: Not you.*not_found': refusal('NOT_FOUND'),
    'answer did not come.*look with list_pull_requests': { body: { data: { updateRefs: null } } },
    'answer did not come': { body: '<html>' },
    'was asked too often|used up.*rate_limited': {
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${Math.ceil(Date.now() / 1_000) + 1_800}` },
      body: { data: null, errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] },
    },
  }
  for (const [words, fault] of Object.entries(told)) {
    github.faults.push({ lateMs: 0 }, { lateMs: 0 }, fault)
    expect((await remove()).text).toMatch(new RegExp(words))
  }
  github.faults.push({ lateMs: 0 }, { lateMs: 0 }, 'drop')
  expect((await remove()).text).toContain('answer did not come')
  expect((await remove({ sha: 'e'.repeat(40) })).data).toEqual({ branch: 'topic', sha: 'e'.repeat(40) })
})

test('a diff is told with the commit it is of, also when somebody pushes while it is read', async () => {
  github.before = ({ headers }) => {
    if (headers.accept === 'application/vnd.github.diff') github.pull.head = 'd'.repeat(40)
  }
  const read = (more = {}) => shared.call('get_pull_request_diff', { ...shop, number: 3, ...more })
  expect((await read()).text).toMatch(/was changed meanwhile.*conflict/)
  github.before = () => {}
  const kept = github.pull.diff
  github.pull.diff += '+more\n'.repeat(20_000)
  const { data } = await read()
  github.pull.diff = github.pull.diff.replace('zwei', 'drei')
  expect((await read({ cursor: data.nextCursor })).text).toContain('was changed meanwhile')
  github.pull.diff = kept
})

test('labels that GitHub drops are said, and nothing that looks like a token is published', async () => {
  github.dropsLabels = true
  const opened = await shared.call('create_issue', { ...shop, title: 'New', labels: ['bug'] })
  expect([opened.data.labels, opened.text]).toEqual([[], expect.stringContaining('GitHub left out bug')])
  const before = github.seen.length
  const key = `AKIA${'ABCD'.repeat(4)}`
  for (const [tool, args] of [
    ['create_issue', { title: `My ${TOKEN}abcdef` }],
    ['create_issue', { title: 'x', body: `log in with ${key}` }],
    ['comment_issue', { number: 1, body: `-----BEGIN RSA PRIVATE KEY-----\nMIIE` }],
    ['merge_pull_request', { number: 3, sha: HEAD, base: 'develop', confirm: true, commitMessage: key }],
  ] as const)
    expect([args, (await shared.call(tool, { ...shop, ...args })).text]).toEqual([
      args,
      expect.stringContaining('looks like a token'),
    ])
  expect(github.seen.length).toBe(before)
})
