// What the kernel sees: the record of a changing call is written and synced to disk before the call is sent to its server.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixture } from './e2e/stories.ts'
import { freshHome, type RunningHub, startHub, until } from './harness.ts'
import { type RawPeer, startBridge } from './raw-peer.ts'
import { openWindow } from './window-client.ts'

const CALLS = 50
const AT_ONCE = 32
const home = freshHome()
const trace = join(home.folder, 'trace')
const journal = join(home.folder, 'journal')
// Whole buffers, because a page of the log and a batch of frames are both to be found by what they hold.
const STRACE = ['strace', '-f', '-qq', '-y', '-s', '65536', '-o', trace]
const WATCHED = ['-e', 'trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg', '-e', 'signal=none']
/** The disk is made slow (in µs), so that who does not wait for it is always seen. */
const SLOW = ['-e', 'inject=fsync,fdatasync:delay_exit=5000']

let hub: RunningHub
let bridge: ReturnType<typeof startBridge>
let steps: Step[]

/** One system call, by the lines at which it began and ended: threads that overlap are told apart by these alone. */
interface Step {
  thread: number
  name: string
  /** The first argument, as `4</path>`, and whatever follows it. */
  on: string
  data: string
  began: number
  ended: number
  isDone: boolean
}

/** A call that another thread's comes between stands in two lines: `… <unfinished ...>`, later `<... name resumed>…`. */
function stepsOf(text: string): Step[] {
  const found: Step[] = []
  const open = new Map<string, Step>()
  for (const [at, line] of text.split('\n').entries()) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>/.exec(line)
    const step = resumed ? open.get(resumed[1]!) : begunIn(line, at)
    if (!step) continue
    if (line.endsWith('<unfinished ...>')) {
      open.set(String(step.thread), step)
    } else {
      step.ended = at
      step.isDone = /\) += \d+( \(DELAYED\))?$/.test(line)
      open.delete(String(step.thread))
    }
    if (!resumed) found.push(step)
  }
  return found
}

function begunIn(line: string, at: number): Step | undefined {
  const parts = /^(\d+) +(\w+)\((\d+<.*?>)(?=[,) ])(.*)$/.exec(line)
  if (!parts) return undefined
  const [, thread, name, on, data] = parts as unknown as [string, string, string, string, string]
  return { thread: Number(thread), name, on, data, began: at, ended: Number.POSITIVE_INFINITY, isDone: false }
}

const isOfLog = ({ on }: Step) => on.endsWith('/audit.db-wal>')
const isSync = ({ name }: Step) => name === 'fsync' || name === 'fdatasync'

/** What is wrong with one call, or how many lines of the trace lie between its record and its sending. */
function judged(mark: string): string {
  const record = steps.find(step => isOfLog(step) && !isSync(step) && step.data.includes(mark))
  const sent = steps.filter(
    ({ thread, data }) => thread === hub.pid && data.includes(mark) && data.includes('tools/call'),
  )
  if (sent.length !== 1) return `${mark} sent ${sent.length} times`
  if (!record?.isDone) return `${mark} not written to the log`
  const synced = steps.find(
    step => isOfLog(step) && isSync(step) && step.isDone && step.began > record.ended && step.ended < sent[0]!.began,
  )
  return synced ? 'synced, then sent' : `${mark} sent before its record was synced`
}

const marks = (name: string) => Array.from({ length: CALLS }, (_, n) => `${name}-${n}.`)

async function change(peer: RawPeer, waiting: string[]): Promise<void> {
  for (let mark = waiting.shift(); mark !== undefined; mark = waiting.shift()) {
    const { result } = await peer.call('journal_act', { n: mark })
    expect(result?.content?.[0]?.text).toBe(`did ${mark}`)
  }
}

/** The hub itself: what watches it ends with it. */
async function stop(): Promise<void> {
  bridge?.process.kill('SIGKILL')
  if (!hub || hub.process.exitCode !== null || hub.process.signalCode !== null) return
  const exited = once(hub.process, 'exit')
  process.kill(hub.pid, 'SIGTERM')
  await exited
}

// Some containers forbid it to everybody; a strace that is missing is not that, and fails.
const probe = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'])
const isForbidden = probe.error === undefined && probe.status !== 0

describe.skipIf(isForbidden)('where the system lets programs be traced', () => {
  beforeAll(async () => {
    writeFileSync(journal, '')
    writeFileSync(join(home.folder, 'rules.json'), JSON.stringify({ rules: [{ effect: 'allow' }] }))
    hub = await startHub(home, ['--policy', join(home.folder, 'rules.json')], {}, [...STRACE, ...WATCHED, ...SLOW])
    const window = await openWindow(hub.web, { pin: '4711' })
    const launch = { command: process.execPath, args: [fixture('journals.mjs'), journal], env: {}, headers: {} }
    await window.call.servers.add({ name: 'journal', launch })
    await until('it is listed', async () => (await window.call.servers.list())[0]!.tools !== null, 30_000)
    window.close()
    bridge = startBridge(home)
    await bridge.peer.initialize()
    await change(bridge.peer, marks('alone'))
    const waiting = marks('together')
    await Promise.all(Array.from({ length: AT_ONCE }, () => change(bridge.peer, waiting)))
    await stop()
    steps = stepsOf(readFileSync(trace, 'utf8'))
  })

  afterAll(stop)

  test.each([
    ['one after the other', 'alone'],
    [`${AT_ONCE} at once`, 'together'],
  ])(`${CALLS} changing calls, %s: the record of each is on disk before its server hears of it`, (_, name) => {
    expect(marks(name).map(judged)).toEqual(Array(CALLS).fill('synced, then sent'))
  })

  test('each of them was carried out, once', () => {
    const done = readFileSync(journal, 'utf8').trimEnd().split('\n')
    expect(done.sort()).toEqual([...marks('alone'), ...marks('together')].sort())
  })
})
