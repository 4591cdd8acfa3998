import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { guardMachine, hasOurs, ID, newest, shown, takenOut, within } from './fixtures/guard-machine.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

const machine = () => guardMachine(close => closers.push(close))

test('a client that rewrites its file is told from a person who takes out our entry alone', async () => {
  const { path, open, replace, whats } = machine()
  const clients = open()
  await clients.connect(ID)
  replace('{ "theme": "light" }')
  await expect.poll(() => newest(clients)?.what, within).toBe('dropped')
  expect(newest(clients)).toMatchObject({ by: 'Claude Desktop', words: expect.stringContaining('Other things') })
  expect(newest(clients)?.diff).toContain('-  "theme": "dark",')
  expect(JSON.stringify(clients.guarding.history(ID))).not.toMatch(/sk-live|gh_[\w-]{20}/)
  expect(await shown(clients)).toMatchObject({ status: 'dropped', asks: null })

  await clients.connect(ID)
  replace(takenOut(path))
  await expect.poll(() => newest(clients)?.what, within).toBe('removed')
  expect(await shown(clients)).toMatchObject({ status: 'dropped', asks: { why: 'removed' } })
  expect(hasOurs(path)).toBe(false)
  expect(whats()).toEqual(['client/entry-dropped', 'client/entry-removed'])
})

test('the person is asked once: "leave it out" ends its token, is remembered, and the next time is not asked', async () => {
  const { path, open, replace, rows } = machine()
  const clients = open()
  await clients.connect(ID)
  const token = JSON.parse(readFileSync(path, 'utf8')).mcpServers.gatehouse.env.GATEHOUSE_TOKEN
  replace(takenOut(path))
  await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('removed')
  expect(clients.clientOf(token)).toBe(ID)
  expect(await clients.guarding.answer(ID, 'out', 'window')).toBeNull()
  expect(clients.clientOf(token)).toBeNull()
  expect(await shown(clients)).toMatchObject({ status: 'found', asks: null })
  await expect(clients.guarding.answer(ID, 'back', 'window')).rejects.toMatchObject({ code: 'clients/nothing-asked' })
  expect(rows.find(row => row.what === 'client/guard-left-out')).toMatchObject({ by: 'window', client: ID })
  clients.close()

  const later = open()
  expect(await shown(later)).toMatchObject({ status: 'found', asks: null })
  await later.connect(ID)
  replace(takenOut(path))
  await expect.poll(() => newest(later)?.what, within).toBe('left-out')
  expect(await shown(later)).toMatchObject({ status: 'found', asks: null })
})

test('"put it back" is remembered too: the next time it is back by itself', async () => {
  const { path, open, replace } = machine()
  const clients = open()
  await clients.connect(ID)
  replace(takenOut(path))
  await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('removed')
  expect(await clients.guarding.answer(ID, 'back', 'window')).toMatchObject({ id: ID })
  expect(await shown(clients)).toMatchObject({ status: 'waiting', asks: null })
  replace(takenOut(path))
  await expect
    .poll(
      () =>
        clients.guarding
          .history(ID)
          .slice(0, 4)
          .map(each => each.what),
      within,
    )
    .toEqual(['restored', 'removed', 'restored', 'removed'])
  expect(hasOurs(path)).toBe(true)
  expect(await shown(clients)).toMatchObject({ asks: null })
})

test('kept there, it is put back three times; then the guardian backs off, says so, and asks', async () => {
  const { path, open, replace, whats } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'cli')
  for (let time = 1; time <= 3; time++) {
    replace(`{ "theme": "${time}" }`)
    await expect.poll(() => hasOurs(path), within).toBe(true)
    await clients.guarding.settled()
    expect(JSON.parse(readFileSync(path, 'utf8')).theme).toBe(String(time))
  }
  replace('{ "theme": "4" }')
  await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('fight')
  expect(hasOurs(path)).toBe(false)
  expect((await shown(clients)).asks?.text).toContain('4 times within 10 minutes')
  expect(whats().filter(what => what === 'client/entry-dropped')).toHaveLength(4)
  expect(whats().at(-1)).toBe('client/guard-backed-off')
  clients.close()
  // Also after another start it stays so, until the person says otherwise.
  const later = open()
  await later.guarding.settled()
  expect(hasOurs(path)).toBe(false)
  expect((await shown(later)).asks?.why).toBe('fight')
  await later.guarding.answer(ID, 'back', 'window')
  expect(hasOurs(path)).toBe(true)
  replace('{ "theme": "5" }')
  await expect.poll(() => hasOurs(path), within).toBe(true)
})

test('an entry that was dropped while no hub ran is noticed at the start, and put back where it is kept', async () => {
  const { path, open, replace, rows } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  clients.close()
  replace('{}')
  const later = open()
  await later.guarding.settled()
  expect(hasOurs(path)).toBe(true)
  expect(later.guarding.history(ID).map(each => each.what)).toEqual(['restored', 'dropped', 'keep', 'connect'])
  expect(rows.at(-1)).toMatchObject({ what: 'client/connect', by: 'guardian', outcome: 'ok' })
  // Undoing what was put back gives the file as the app left it.
  await later.undo(ID)
  expect(readFileSync(path, 'utf8')).toBe('{}')
})

test('while the app runs nothing is written, that is said, and once it was quit our entry goes back', async () => {
  const { home, path, open, replace, whats } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  // Somebody else's, with files elsewhere, does not count.
  const elsewhere = spawn('sleep', ['60'], { argv0: '/usr/bin/claude-desktop' })
  closers.push(() => elsewhere.kill('SIGKILL'))
  const app = spawn('sleep', ['60'], { argv0: '/usr/bin/claude-desktop', env: { HOME: home } })
  closers.push(() => app.kill('SIGKILL'))
  await once(app, 'spawn')
  replace(takenOut(path))
  await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('running')
  expect(hasOurs(path)).toBe(false)
  await expect(clients.guarding.answer(ID, 'back', 'window')).rejects.toMatchObject({ code: 'clients/running' })
  expect(whats()).toEqual(['client/guard-on', 'client/entry-dropped', 'client/guard-waits'])
  clients.close()
  const later = open()
  await later.guarding.settled()
  app.kill('SIGKILL')
  await once(app, 'exit')
  await expect.poll(() => hasOurs(path), within).toBe(true)
  await later.guarding.settled()
  expect(await shown(later)).toMatchObject({ status: 'waiting', asks: null })
})

test('on the person’s word the app is quit, our entry written, and the app opened again as it was', async () => {
  const { home, path, open, rows } = machine()
  const clients = open()
  const starts = join(home, 'starts')
  const script = join(home, 'app.mjs')
  // An app that writes its file from memory when it ends, as Claude Desktop does.
  writeFileSync(
    script,
    `import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
    const text = readFileSync(${JSON.stringify(path)})
    appendFileSync(${JSON.stringify(starts)}, process.pid + ' ' + process.argv[2] + ' ' + process.env.MARK + '\\n')
    process.on('SIGTERM', () => { writeFileSync(${JSON.stringify(path)}, text); process.exit(0) })
    setInterval(() => {}, 1000)`,
  )
  const app = spawn(process.execPath, [script, '--flag'], {
    argv0: '/usr/bin/claude-desktop',
    env: { ...process.env, HOME: home, MARK: 'same' },
    stdio: 'ignore',
  })
  const lines = () => {
    try {
      return readFileSync(starts, 'utf8').trim().split('\n')
    } catch {
      return []
    }
  }
  closers.push(() => {
    for (const line of lines()) {
      try {
        process.kill(Number(line.split(' ')[0]), 'SIGKILL')
      } catch {}
    }
  })
  await expect.poll(() => lines().length, within).toBe(1)
  expect(await clients.preview(ID, 'connect')).toMatchObject({ canQuit: true })
  expect(await clients.quitAndWrite(ID, null, 'window')).toMatchObject({ id: ID, reopened: true })
  expect(app.exitCode ?? 0).toBe(0)
  await expect.poll(() => lines().length, within).toBe(2)
  expect(lines()[1]).toMatch(/^\d+ --flag same$/)
  expect(hasOurs(path)).toBe(true)
  expect(rows.map(row => row.what)).toEqual([
    'client/quit-app',
    'client/writing-connect',
    'client/connect',
    'client/opened-app',
  ])
})

test('an entry of another data folder is never replaced, nor taken out, by this Gatehouse', async () => {
  const { path, open, replace, home } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  const theirs = readFileSync(path, 'utf8').replace(join(home, 'data'), '/home/me/checkout-data')
  replace(theirs)
  await expect.poll(async () => (await shown(clients)).status, within).toBe('drifted')
  await clients.guarding.settled()
  expect((await shown(clients)).evidence).toContain('another Gatehouse, with its data in /home/me/checkout-data')
  for (const action of ['disconnect', 'undo'] as const)
    await expect(clients[action](ID)).rejects.toMatchObject({ code: 'clients/not-ours' })
  expect((await clients.preview(ID, 'connect')).warnings.join()).toContain('Writing would replace it')
  // An entry without a folder is the usual one's, so another one's too.
  replace(theirs.replace(/,\s*"--data",\s*"[^"]*"/, ''))
  await expect.poll(async () => (await shown(clients)).evidence, within).toContain('share/gatehouse')
  expect(readFileSync(path, 'utf8')).not.toContain(join(home, 'data'))
})

test('where our entry cannot be put back, that is said and asked', async () => {
  const { path, open, replace, whats } = machine()
  const clients = open()
  await clients.connect(ID)
  clients.guarding.keep(ID, true, 'window')
  replace('{ "mcpServers": [] }')
  await expect.poll(async () => (await shown(clients)).asks?.why, within).toBe('failed')
  expect(readFileSync(path, 'utf8')).toBe('{ "mcpServers": [] }')
  expect(whats().at(-1)).toBe('client/guard-failed')
})

test('a link is seen, with its time, also when it ended; before, the client is waited for', async () => {
  const { open } = machine()
  const clients = open()
  await clients.connect(ID)
  expect(await shown(clients)).toMatchObject({
    status: 'waiting',
    linkedAt: null,
    evidence: expect.stringMatching(/^Written \d\d:\d\d\. Waiting for its restart\.$/),
  })
  clients.linked(ID)
  expect(await shown(clients)).toMatchObject({
    status: 'written',
    linkedAt: expect.any(Number),
    evidence: expect.stringMatching(/Last linked \d\d:\d\d\.$/),
  })
})

// Root may do everything, so it puts that down for a moment.
test.skipIf(process.platform === 'win32')(
  'a folder we may not look into needs your permission, and is not "not installed"',
  async () => {
    const { home, path, open } = machine()
    const clients = open()
    const isRoot = process.getuid!() === 0
    chmodSync(home, 0o755)
    chmodSync(join(home, '.config'), isRoot ? 0o700 : 0)
    if (isRoot) process.seteuid!(65534)
    try {
      expect(await shown(clients)).toMatchObject({
        status: 'no-permission',
        evidence: 'Needs your permission.',
        problem: { what: expect.stringContaining(join(home, '.config')) },
      })
      expect((await shown(clients, 'codex')).status).toBe('not-installed')
    } finally {
      if (isRoot) process.seteuid!(0)
      chmodSync(join(home, '.config'), 0o700)
    }
    expect(readdirSync(dirname(path))).toHaveLength(1)
  },
)
