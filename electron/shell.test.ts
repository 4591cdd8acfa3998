import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Approval } from '../contract/policy.ts'
import { carry, type Port } from './carry.ts'
import { HubProcess, hubEnvironment } from './hub-process.ts'
import { KeepConnected } from './keep-connected.ts'
import type { Line } from './line.ts'
import type { EntryNews } from './names.ts'
import { type Bubble, callsOver, type Hub, notify } from './notifications.ts'
import { dataFolder, profileName } from './places.ts'
import { quitter } from './quit.ts'
import { stopEverything, trayMenu } from './tray.ts'
import { type SafeStorage, WindowKeys } from './window-key.ts'

const root = join(import.meta.dirname, '..')
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Stands in for the keychain: turns bytes round, and says what it is asked. */
function storage(backend = 'gnome_libsecret'): SafeStorage {
  return {
    isAsyncEncryptionAvailable: async () => true,
    encryptStringAsync: async text => Buffer.from(text).map(byte => byte ^ 0x5a) as Buffer,
    decryptStringAsync: async bytes => ({ result: Buffer.from(bytes.map(byte => byte ^ 0x5a)).toString() }),
    getSelectedStorageBackend: () => backend,
  }
}

function machine() {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-shell-'))
  closers.push(() => rmSync(home, { recursive: true, force: true }))
  const env = {
    ...process.env,
    HOME: home,
    NODE_OPTIONS: '--no-such-flag',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
  }
  const programs = {
    node: process.execPath,
    hub: join(root, 'hub/main.ts'),
    cli: join(root, 'cli/main.ts'),
    data: join(home, 'data'),
    env,
  }
  const hub = () => {
    const one = new HubProcess(programs)
    closers.push(() => one.stop())
    return one
  }
  const shell = (process: HubProcess, keys = new WindowKeys(join(home, 'profile'), storage())) => {
    const lines: Line[] = []
    const news: EntryNews[] = []
    const kept = new KeepConnected(
      process,
      { version: '0.1.0', keys, name: 'Gatehouse on Linux' },
      {
        connected: line => lines.push(line),
        news: one => news.push(one),
      },
    )
    closers.push(() => kept.close())
    return { kept, lines, news }
  }
  return { home, programs, hub, shell }
}

test('the shell starts the hub, pairs over the pipe it holds, and carries frames unread', {
  timeout: 90_000,
}, async () => {
  const { home, hub, shell } = machine()
  const process = hub()
  const { kept, lines, news } = shell(process)
  await kept.tryNow()
  expect(news).toEqual([])
  const { port1, port2 } = new MessageChannel()
  const port: Port = {
    postMessage: text => port1.postMessage(text),
    on: (event: 'message' | 'close', listener: (event: { data: unknown }) => void) =>
      port1.addEventListener(event, given => listener({ data: (given as MessageEvent).data })),
    start: () => port1.start(),
    close: () => port1.close(),
  }
  carry(lines[0]!, port)
  // The frame of a call, as the window's own library writes it.
  const answer = new Promise<string>(resolve =>
    port2.addEventListener('message', event => resolve((event as MessageEvent).data)),
  )
  port2.start()
  port2.postMessage(JSON.stringify({ i: '1', p: { u: '/windows/list' } }))
  expect(JSON.parse(await answer)).toMatchObject({
    i: '1',
    p: { b: { json: [{ name: 'Gatehouse on Linux', open: true, thisOne: true }] } },
  })
  const closed = new Promise(resolve => port2.addEventListener('close', resolve))
  await process.stop()
  expect(process.isOurs).toBe(false)
  await closed
  const key = readdirSync(join(home, 'profile'))
  expect(key).toEqual([expect.stringMatching(/^window-key-/)])
  expect(statSync(join(home, 'profile', key[0]!)).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(home, 'profile', key[0]!), 'latin1')).not.toContain('win_')
})

test('a second shell attaches to the hub that runs, enters with the kept key, and leaves it running', {
  timeout: 90_000,
}, async () => {
  const { hub, shell, programs } = machine()
  const owner = hub()
  const first = shell(owner)
  await first.kept.tryNow()
  const other = hub()
  const second = shell(other)
  await second.kept.tryNow()
  expect([second.lines.length, second.news, other.isOurs]).toEqual([1, [], false])
  await other.stop()
  const windows = await callsOver(second.lines[0]!).windows.list()
  expect(windows).toHaveLength(1)
  // A shell with a key of its own is not let in without the window that is paired already, and says why.
  const stranger = shell(hub(), new WindowKeys(join(programs.data, '..', 'stranger'), storage()))
  await stranger.kept.tryNow()
  expect(stranger.lines).toEqual([])
  expect(stranger.news).toMatchObject([{ kind: 'refused', problem: { message: expect.stringContaining('PIN') } }])
  await callsOver(second.lines[0]!).windows.setPin({ pin: '2468' })
  await stranger.kept.tryNow()
  expect(stranger.news.at(-1)).toEqual({ kind: 'pin-needed', problem: null })
  await stranger.kept.tryNow('1111')
  expect(stranger.news.at(-1)).toMatchObject({ kind: 'pin-needed', problem: { message: 'That is not the PIN.' } })
  await stranger.kept.tryNow('2468')
  expect(stranger.lines).toHaveLength(1)
})

test('a hub that is killed is started again, and the window gets a new line', { timeout: 90_000 }, async () => {
  const { hub, shell } = machine()
  const { kept, lines, news } = shell(hub())
  await kept.tryNow()
  const { pid } = await callsOver(lines[0]!).hub.status()
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(2)
  expect(news[0]).toMatchObject({ kind: 'gone', problem: null })
  expect((await callsOver(lines[1]!).hub.status()).pid).not.toBe(pid)
})

test('“Stop everything” of the tray stops every call, and shows the window, with or without a hub', {
  timeout: 90_000,
}, async () => {
  const { hub, shell } = machine()
  const { kept, lines } = shell(hub())
  await kept.tryNow()
  const calls = callsOver(lines[0]!)
  const shown = vi.fn()
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping = stopEverything(calls, shown)
  }
  const item = trayMenu({ open: () => {}, stop, quit: () => {} }).find(one => one.label === 'Stop everything')!
  ;(item.click as () => void)()
  await stopping
  expect((await calls.policy.get()).stopped).toBe(true)
  await stopEverything(undefined, shown)
  expect(shown).toHaveBeenCalledTimes(2)
})

test('a hub that cannot start says why, and is tried again ever more slowly', async () => {
  const { shell, programs } = machine()
  const { kept, news } = shell(new HubProcess({ ...programs, hub: join(root, 'hub/none.ts') }))
  await kept.tryNow()
  expect(news).toMatchObject([{ kind: 'gone', problem: { code: 'shell/no-hub' } }])
  await expect.poll(() => news.length).toBe(3)
  kept.close()
})

test('the hub gets no variable that steers Node, the loader, Electron or npm', () => {
  const steering = {
    NODE_OPTIONS: 'x',
    LD_PRELOAD: 'x',
    DYLD_INSERT_LIBRARIES: 'x',
    ELECTRON_RUN_AS_NODE: '1',
    npm_config_x: 'x',
    GATEHOUSE_HOME: 'x',
  }
  expect(hubEnvironment({ ...steering, PATH: '/bin', HOME: '/h' })).toEqual({ PATH: '/bin', HOME: '/h' })
})

test('a key is kept on disk only where it is encrypted for real', async () => {
  const { home } = machine()
  const folder = join(home, 'weak')
  const keys = new WindowKeys(folder, storage('basic_text'))
  const { key, keep } = keys.make('i')
  await keep('win_1')
  expect((await keys.kept('i'))?.publicKey).toBe(key.publicKey)
  expect(() => readdirSync(folder)).toThrow('ENOENT')
  expect(await new WindowKeys(folder, storage('basic_text')).kept('i')).toBeUndefined()
})

test('each data folder has an instance of its own', () => {
  expect(dataFolder(['x', '--data', '/d'], {})).toBe('/d')
  expect(dataFolder(['x', '--data=/e'], { GATEHOUSE_HOME: '/d' })).toBe('/e')
  expect(dataFolder([], { GATEHOUSE_HOME: '/d' })).toBe('/d')
  expect(profileName(dataFolder([], {}))).toBe('Gatehouse')
  expect(profileName('/d')).not.toBe(profileName('/e'))
})

test.each([
  ['not ours: nobody is asked', false, 3, false, []],
  ['ours, nobody connected', true, 0, false, []],
  ['ours, the hub does not answer', true, null, false, []],
  ['ours, clients connected, kept', true, 3, false, ['3 clients are connected.']],
  ['ours, a client connected, quit', true, 1, true, ['1 client is connected.']],
] as const)('quitting: %s', async (_, isOurs, clients, answer, questions) => {
  const asked: string[] = []
  const done: string[] = []
  const quit = quitter({
    isOurs: () => isOurs,
    clients: async () => clients,
    ask: async question => asked.push(question.message) > 0 && answer,
    stop: async () => void done.push('stop'),
    exit: () => void done.push('exit'),
  })
  await Promise.all([quit(), quit()])
  expect(asked).toEqual(questions)
  expect(done).toEqual(questions.length > 0 && !answer ? [] : ['stop', 'exit'])
})

test('a call that waits and a server’s question become notifications with Show and a no, until it is over or the window is in front', async () => {
  const ask = (id: string, kind = 'waiting') =>
    ({
      id,
      tool: 'delete\u202e_pod',
      client: { title: 'Claude Code' },
      server: { name: `k8s\n${'x'.repeat(99)}` },
      state: { kind },
    }) as unknown as Approval
  let isInFront = false
  const asked = { id: 'q', server: { name: 'files' }, clients: [{ title: 'Zed' }], state: { kind: 'waiting' } }
  type Part = { approvals?: Approval[]; questions?: unknown[] }
  let push: ((part: Part | null) => void) | undefined
  const answers: unknown[] = []
  async function* watch() {
    for (;;) {
      const part = await new Promise<Part | null>(resolve => {
        push = resolve
      })
      if (!part) return
      yield part
    }
  }
  const hub = {
    hub: { watch: async () => watch() },
    approvals: { answer: async (input: unknown) => void answers.push(input) },
    questions: { answer: async (input: unknown) => void answers.push(input) },
  }
  type Heard = Record<string, (event: { actionIndex: number }) => void>
  const bubbles: { words: { title: string; body: string }; heard: Heard; close: ReturnType<typeof vi.fn> }[] = []
  const counts: number[] = []
  const shown = vi.fn()
  const over = notify(hub as unknown as Hub, { closed: new Promise<void>(() => {}) } as Line, {
    isInFront: () => isInFront,
    showWindow: shown,
    bubble: words => {
      const heard: Heard = {}
      const close = vi.fn(() => heard.close?.({ actionIndex: 0 }))
      bubbles.push({ words, heard, close })
      return {
        show: () => {},
        close,
        on: (event: string, listener: Heard[string]) => (heard[event] = listener),
      } as unknown as Bubble
    },
    count: waiting => counts.push(waiting),
  })
  const tell = async (part: Part | null) => {
    await expect.poll(() => push !== undefined).toBe(true)
    const now = push!
    push = undefined
    now(part)
    await expect.poll(() => part === null || push !== undefined).toBe(true)
  }
  await tell({ approvals: [ask('a')] })
  await tell({ approvals: [ask('a')] })
  expect(bubbles.map(bubble => bubble.words)).toMatchObject([
    { title: 'A call waits for you', body: `Claude Code wants to run delete _pod on k8s ${'x'.repeat(55)}….` },
  ])
  bubbles[0]!.heard.action!({ actionIndex: 1 })
  expect(answers).toEqual([{ id: 'a', answer: { kind: 'deny' } }])
  bubbles[0]!.heard.action!({ actionIndex: 0 })
  bubbles[0]!.heard.click!({ actionIndex: 0 })
  expect([shown.mock.calls.length, answers.length]).toEqual([2, 1])
  await tell({ questions: [asked] })
  expect(bubbles[1]!.words).toMatchObject({
    title: 'A server asks you something',
    body: 'files asks you something, for a call of Zed.',
  })
  bubbles[1]!.heard.action!({ actionIndex: 1 })
  expect(answers[1]).toEqual({ id: 'q', answer: { action: 'decline' } })
  isInFront = true
  await tell({ approvals: [ask('a', 'denied'), ask('b')] })
  expect(bubbles).toHaveLength(2)
  expect(bubbles[1]!.close).not.toHaveBeenCalled()
  expect(bubbles[0]!.close).toHaveBeenCalled()
  await tell(null)
  await over
  expect(counts).toEqual([1, 1, 2, 2, 0])
})
