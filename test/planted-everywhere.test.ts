// A whole hub with planted secrets: in a client's own file, in calls, in what a server says. Then every file it wrote, every
// answer to the window and every line of the command line is looked through.
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addAndAgree, fixture } from './e2e/stories.ts'
import { givenAway } from './given-away.ts'
import { freshHome, hasKeychain, type RunningHub, root, run, startHub, until } from './harness.ts'
import { enterAsBridge } from './raw-peer.ts'
import { openWindow, type WindowClient } from './window-client.ts'

const OURS = 'k9-Tr0ub4dor&3/zebra=ümlaut+Q'
/** Known to us from a client's file alone: nobody ever put it into the vault. */
const THEIRS = 'not-a-real-key-Zq8/71c3+fedcba987'
const SECRETS = { OURS, THEIRS }
const NO_BUS = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(root, 'no-such-bus')}`, XDG_RUNTIME_DIR: '' }

let hub: RunningHub | undefined
let window: WindowClient | undefined
afterAll(async () => {
  window?.close()
  await hub?.stop()
})

/** Where a secret still stands, by file. */
function filesWith(folder: string, forms: [string, string][]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap(name => {
    const path = join(folder, name)
    if (!lstatSync(path).isFile()) return []
    const text = readFileSync(path).toString('latin1')
    return [...new Set(forms.filter(([, form]) => text.includes(form)).map(([which]) => `${which} in ${name}`))]
  })
}

test('neither stands in any file but the client’s own, nor in an answer, a line, an export or a report', async () => {
  const forms = Object.entries(SECRETS).flatMap(([name, secret]) =>
    givenAway(secret).map(form => [name, form] as [string, string]),
  )
  const home = freshHome()
  const theirFile = join(home.folder, '.cursor', 'mcp.json')
  const before = JSON.stringify(
    {
      mcpServers: {
        weather: {
          command: 'node',
          args: [fixture('greets.mjs'), `--key=${OURS}`],
          env: { API_KEY: THEIRS, OTHER: OURS },
        },
        // Its keys go to the vault when it is taken over; what only this client knows stays in its entry as it is.
        notes: {
          command: 'node',
          args: [fixture('greets.mjs')],
          env: { API_KEY: THEIRS },
          auth: { CLIENT_SECRET: THEIRS },
        },
      },
    },
    null,
    2,
  )
  mkdirSync(dirname(theirFile), { recursive: true })
  writeFileSync(theirFile, before)
  hub = await startHub(home, [], hasKeychain ? {} : NO_BUS)
  window = await openWindow(hub.web, { pin: '4711' })
  const { call } = window
  const said: string[] = []
  const hear = async <T>(answer: Promise<T>): Promise<T | undefined> => {
    try {
      const value = await answer
      said.push(JSON.stringify(value) ?? '')
      return value
    } catch (error) {
      const { message, data } = error as { message: string; data?: unknown }
      said.push(message, JSON.stringify(data) ?? '')
      return undefined
    }
  }
  const type = async (...words: string[]) => {
    const { stdout, stderr } = await run(home, words, { env: hasKeychain ? {} : NO_BUS })
    said.push(stdout, stderr)
    return stdout
  }
  if (!hasKeychain) await call.secrets.createFile({ passphrase: 'orbit lemon granite fox' })
  await call.secrets.set({ name: 'MY_SECRET', value: OURS })

  // The client's file: looked at, previewed, written twice, undone, moved over and given back. Each write keeps a copy.
  const follow = async (answers: Promise<AsyncIterable<unknown>>) => {
    for await (const some of await answers) said.push(JSON.stringify(some))
  }
  void follow(call.calls.wire()).catch(() => {})
  await hear(call.clients.preview({ id: 'cursor' }))
  await hear(call.clients.connect({ id: 'cursor' }))
  await hear(call.clients.disconnect({ id: 'cursor' }))
  await hear(call.clients.connect({ id: 'cursor' }))
  await hear(call.moves.servers({ id: 'cursor' }))
  await hear(call.moves.previewTake({ id: 'cursor', names: ['weather'] }))
  await hear(call.moves.take({ id: 'cursor', names: ['weather'] }))
  await hear(call.moves.previewTake({ id: 'cursor', names: ['notes'] }))
  const taken = await hear(call.moves.take({ id: 'cursor', names: ['notes'] }))
  expect(taken?.secrets).toHaveLength(1)
  await hear(call.moves.servers({ id: 'cursor' }))
  await hear(call.moves.previewGiveBack({ id: 'cursor', names: ['notes'] }))
  await hear(call.clients.history({ id: 'cursor' }))
  await hear(call.clients.undo({ id: 'cursor' }))
  await type('clients', 'connect', 'cursor', '--yes')
  await type('clients', 'history', 'cursor', '--json')
  // Pieces of it where somebody might write one down.
  await hear(call.clients.preview({ id: OURS }))
  await hear(call.policy.preview({ kind: 'add-rule', rule: { effect: 'deny', tool: OURS } } as never))
  await hear(call.policy.change({ kind: 'add-rule', rule: { effect: 'deny', tool: 'x', note: OURS } }))
  const asIs = { command: 'node', args: [fixture('greets.mjs')], env: {}, headers: {} }
  await hear(call.servers.add({ name: `my ${OURS}`, launch: asIs }))
  await hear(call.servers.add({ name: 'told', launch: { ...asIs, env: { KEY: OURS } } }))
  await hear(call.servers.import({ text: JSON.stringify({ told: { ...asIs, args: [`--key=${OURS}`] } }) }))
  // It repeats what was typed to whoever typed it.
  const told = ['servers', 'add', 'told', '--env', `KEY=${OURS}`, '--', 'node', fixture('greets.mjs')]
  const { stderr } = await run(home, told, { env: hasKeychain ? {} : NO_BUS })
  expect(stderr).toContain('A credential stands in this definition')

  // A server that says its secret wherever it can, and one that dies with it on its lips.
  const env = { MY_SECRET: '${secret:MY_SECRET}' }
  const dies = { command: 'sh', args: ['-c', 'echo "no good: $MY_SECRET" >&2; exit 3'], env }
  await addAndAgree(
    window,
    {
      teller: { command: 'node', args: [fixture('tells-secret.mjs')], env },
      named: { command: 'node', args: [fixture('is-its-secret.mjs')], env },
    },
    { secrets: ['MY_SECRET'] },
  )
  const { servers } = await call.servers.import({ text: JSON.stringify({ mcpServers: { dies } }) })
  const dead = servers.find(one => one.name === 'dies')!
  const { agreement } = await call.servers.get({ id: dead.id })
  await call.servers.agree({ id: dead.id, digest: agreement!.digest, secrets: ['MY_SECRET'], trust: false })
  await hear(call.servers.start({ id: dead.id }))
  await until(
    'it ended',
    async () => ['backing-off', 'crash-looping'].includes((await call.servers.get({ id: dead.id })).state.kind),
    60_000,
  )
  // A call with both in its arguments: one denied, one allowed, one that waits while all is looked through.
  const bridge = await enterAsBridge(hub.socket)
  const ask = (n: number) => bridge.call('teller_tell', { n, mine: OURS, coded: Buffer.from(OURS).toString('base64') })
  const waits = async () => (await call.approvals.list()).filter(one => one.state.kind === 'waiting')
  for (const answer of [
    { kind: 'deny', word: `because ${OURS}` },
    { kind: 'allow', scope: 'once' },
  ] as const) {
    const asked = ask(1)
    await until('it waits', async () => (await waits()).length === 1)
    await hear(call.approvals.answer({ id: (await waits())[0]!.id, answer }))
    await asked
  }
  // A client that calls itself by it, and a tool that is called by it.
  const other = await enterAsBridge(hub.socket, undefined, OURS)
  const { result } = await other.ask('tools/list')
  for (const { name } of result!.tools!.filter(tool => tool.name.startsWith('named_'))) {
    let answered = false
    const asked = other.call(name, {}).finally(() => {
      answered = true
    })
    await until('it waits', async () => answered || (await waits()).length === 1)
    if (answered) continue
    await hear(call.approvals.list())
    await hear(call.clients.list())
    const { id, scopes } = (await waits())[0]!
    const scope = scopes.includes('tool') ? 'tool' : 'once'
    await hear(call.approvals.answer({ id, answer: { kind: 'allow', scope } }))
    if ((await waits()).length > 0) await hear(call.approvals.answer({ id, answer: { kind: 'deny' } }))
    await asked
    await hear(call.policy.explain({ server: 'named', tool: name }))
  }
  void ask(3).catch(() => {})
  await until('it waits', async () => (await waits()).length === 1)

  await hear(call.hub.status())
  await hear(call.windows.list())
  for (const { id } of (await hear(call.servers.list())) ?? []) {
    await hear(call.servers.get({ id }))
    await hear(call.servers.listing({ id }))
    await hear(call.servers.tools({ server: id }))
    await hear(call.servers.pins({ id }))
    void follow(call.servers.logs({ id })).catch(() => {})
  }
  await hear(call.approvals.list())
  await hear(call.policy.get())
  await hear(call.policy.suggestions())
  await hear(call.proposals.list())
  const rows = (await hear(call.audit.list({ limit: 1000 })))!
  for (const { event } of rows) if (event?.correlation) await hear(call.audit.call({ correlation: event.correlation }))
  await hear(call.audit.list({ text: 'Tr0ub4dor' }))
  await hear(call.clients.list())
  await hear(call.clients.history({ id: 'cursor' }))
  await hear(call.secrets.list())
  await hear(call.metrics.set({ on: true } as never))
  for (const words of [
    ['status'],
    ['doctor', '--json'],
    ['servers', 'list', '--json'],
    ['servers', 'logs', 'teller'],
    ['servers', 'logs', 'dies'],
    ['servers', 'check', 'teller'],
    ['approvals', 'list', '--json'],
    ['clients', 'list', '--json'],
    ['clients', 'preview', 'cursor'],
    ['secrets', 'list', '--json'],
    ['policy', 'list', '--json'],
    ['audit', 'list', '--json'],
    ...['jsonl', 'csv', 'bundle'].map(format => ['audit', 'export', '--format', format]),
  ])
    await type(...words)
  bridge.end()
  window.close()
  await hub.stop()

  const all = Buffer.from(said.join('\n')).toString('latin1')
  const shown = [
    ...new Set(
      forms
        .filter(([, form]) => all.includes(form))
        .map(([which, form]) => `${which}: …${all.slice(Math.max(0, all.indexOf(form) - 200), all.indexOf(form))}…`),
    ),
  ]
  const theirs = ['OURS in .cursor/mcp.json', 'THEIRS in .cursor/mcp.json']
  expect([shown, filesWith(home.folder, forms)]).toEqual([[], theirs])
  // It did go through all of this: what stands in its place says which it was, and copies were kept.
  expect(Buffer.from(all, 'latin1').toString().split('‹secret:MY_SECRET').length).toBeGreaterThan(10)
  expect(all).toContain('A credential stands in this rule')
  expect(all.split('A credential stands in this definition').length).toBe(7)
  expect(readdirSync(join(home.data, 'backups')).length).toBeGreaterThan(0)
}, 180_000)
