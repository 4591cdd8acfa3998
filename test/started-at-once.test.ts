// Everything begins at the same moment, as after a login: many hubs on one folder, and many clients while there is no hub at all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { cli, freshHome, type Home, run, runJson, until } from './harness.ts'
import { startBridge } from './raw-peer.ts'

let home: Home | undefined
afterEach(async () => {
  if (!home) return
  await run(home, ['stop'])
  rmSync(home.folder, { recursive: true, force: true })
})

test('five hubs on one fresh folder: one runs, four say so and end, and nothing of the folder is harmed', async () => {
  home = freshHome()
  const all = Array.from({ length: 5 }, () => {
    const child = spawn(process.execPath, [cli, 'serve'], { env: home!.env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { out: '', err: '' }
    child.stdout.on('data', chunk => (said.out += chunk))
    child.stderr.on('data', chunk => (said.err += chunk))
    return { child, said, ended: once(child, 'close') }
  })
  try {
    const isOver = ({ child }: (typeof all)[number]) => child.exitCode !== null
    await until('four of them have ended', () => all.filter(isOver).length === 4, 60_000)
    const winner = all.find(one => !isOver(one))!
    const losers = all.filter(isOver)
    await Promise.all(losers.map(one => one.ended))
    for (const { child, said } of losers) {
      expect(child.exitCode).toBe(1)
      expect(said.out).toBe('')
      expect(said.err).toMatch(/already|another/i)
    }
    await until('it says that it is ready', () => winner.said.out.includes('"pid"'), 60_000)
    expect(await runJson(home, ['status'])).toMatchObject({ running: true, pid: JSON.parse(winner.said.out).pid })
    expect(await runJson(home, ['audit', 'verify'])).toMatchObject({ intact: true, problems: [] })
  } finally {
    for (const { child } of all) child.kill('SIGTERM')
    await Promise.all(all.map(one => one.ended))
  }
}, 120_000)

test('eight clients while no hub runs: one hub is started, and all of them are answered by it', async () => {
  home = freshHome()
  const bridges = Array.from({ length: 8 }, () => startBridge(home!))
  try {
    await Promise.all(bridges.map(({ peer }) => peer.initialize()))
    const lists = await Promise.all(bridges.map(({ peer }) => peer.ask('tools/list')))
    for (const { result } of lists) expect(result?.tools).toEqual([])
    const { pid, links } = await runJson<{ pid: number; links: unknown[] }>(home, ['status'])
    expect(links).toHaveLength(8)
    expect(pid).toBeGreaterThan(0)
    for (const { peer } of bridges) expect([peer.junk, peer.unasked, peer.open]).toEqual([[], [], []])
  } finally {
    for (const { process: bridge } of bridges) bridge.kill('SIGKILL')
  }
}, 120_000)
