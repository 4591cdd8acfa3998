// A planted secret in 10,000 random frames, log and stream chunks, errors, definitions, refusals, previews and arguments
// reaches neither disk nor window.
// GATEHOUSE_SEED brings a run back.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTree } from 'jsonc-parser'
import { expect, test } from 'vitest'
import { Announcer } from '../hub/announce.ts'
import { Audit } from '../hub/audit/audit.ts'
import { masked } from '../hub/clients/mask.ts'
import { HubError, problemOf } from '../hub/error.ts'
import { redactedHead } from '../hub/gateway/redacted-head.ts'
import { Tap } from '../hub/gateway/tap.ts'
import { checkTool } from '../hub/pins/check-text.ts'
import { pinnedTools, redactedJson } from '../hub/pins/pinned-tool.ts'
import { Approvals } from '../hub/policy/approvals.ts'
import { Events } from '../hub/supervisor/event-stream.ts'
import { refusal } from '../hub/supervisor/http-problem.ts'
import { Lines } from '../hub/supervisor/lines.ts'
import { Logs } from '../hub/supervisor/logs.ts'
import { failureOf } from '../hub/supervisor/start-failure.ts'
import { TIMING } from '../hub/supervisor/timing.ts'
import { redactAll } from '../hub/vault/redact-all.ts'
import { Redactor } from '../hub/vault/redactor.ts'
import { chance } from './chance.ts'
import { givenAway } from './given-away.ts'

const ROUNDS = 10_000
const EACH_LOG = 400
const SECRETS = [
  'k9-Tr0ub4dor&3/zebra=ümlaut',
  'Zq8+"quoted\\value"71c3',
  'plainTOKENvalue0123456789',
  '秘密の鍵-9f8e7d6c5b4a',
]

test('nothing of it is left, in any form, in logs, audit.db and its WAL, wire view, errors and approvals', async () => {
  const random = chance()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-planted-'))
  const redactor = new Redactor()
  for (const [n, secret] of SECRETS.entries()) redactor.learn(secret, `PLANTED_${n}`)
  const redact = (text: string) => redactor.redact(text)
  const announcer = new Announcer()
  const shown: string[] = []
  const appended: string[] = []
  announcer.on('audit/appended', rows => appended.push(...rows.map(row => JSON.stringify(row))))
  const memory = { text: null as string | null }
  const anchor = {
    read: async () => memory.text,
    write: async (text: string) => {
      memory.text = text
    },
  }
  const audit = await Audit.open({ folder, signing: () => null, anchor, announcer, redact })
  const approvals = new Approvals({ announcer, policy: { change: () => {}, rulesBy: () => [] } as never, redact })
  const tap = new Tap(announcer, redact)
  let logs = new Logs(join(folder, 'logs'), '0.log', redact)
  const closing: Promise<void>[] = []

  const noise = (most: number) => random.bytes(random.below(most)).toString(random.one(['base64', 'hex', 'latin1']))
  const planted = () => {
    const secret = random.one(SECRETS)
    const json = JSON.stringify(secret).slice(1, -1)
    const around = (text: string) => `${'abc'.slice(random.below(4))}${text}${'xyz'.slice(random.below(4))}`
    const bytes = Buffer.from(around(secret))
    return random.one([
      () => around(secret),
      () => json,
      () => JSON.stringify(json).slice(1, -1),
      () => json.replaceAll('/', '\\/'),
      () => encodeURIComponent(secret),
      () => encodeURIComponent(secret).replace(/%../g, hex => hex.toLowerCase()),
      () => new URLSearchParams({ q: secret }).toString(),
      () => bytes.toString('base64'),
      () => bytes.toString('base64url'),
      () => bytes.toString('hex'),
      () => bytes.toString('hex').toUpperCase(),
    ])()
  }
  const text = () => `${noise(60)} ${planted()} ${noise(60)}`
  const intoChunks = (whole: Buffer, push: (chunk: Buffer) => void) => {
    for (let at = 0; at < whole.length; ) {
      const end = at + 1 + random.below(12)
      push(whole.subarray(at, end))
      at = end
    }
  }

  try {
    for (let round = 0; round < ROUNDS; round++) {
      if (round % EACH_LOG === 0) {
        shown.push(...logs.last(1_000).map(line => line.text))
        closing.push(logs.close())
        logs = new Logs(join(folder, 'logs'), `${round}.log`, redact)
      }
      const said = text()
      switch (random.below(9)) {
        case 0:
          tap.push('client', 'server', JSON.stringify({ jsonrpc: '2.0', id: round, method: 'x', params: { said } }))
          shown.push(...tap.last(1).map(frame => JSON.stringify(frame)))
          break
        case 1: {
          const lines = new Lines(
            1_000_000,
            line => logs.add('stderr', line.toString()),
            () => {},
          )
          intoChunks(Buffer.from(`${said.replaceAll('\n', ' ')}\n`), chunk => lines.push(chunk))
          break
        }
        case 2: {
          const args = redactedHead(JSON.stringify({ said }), 8_000, redact)
          const event = { client: said, tool: said, detail: said, arguments: { text: args, bytes: 1, sha256: '0' } }
          await audit.append({ kind: 'call', what: 'call/allowed', ...event }, { durable: round % 50 === 0 })
          break
        }
        case 3:
          void approvals.ask({
            ...{
              client: { id: 'c', title: 'c', says: null },
              link: 'l',
              server: { id: 's', name: 's' },
              tool: `t${round}`,
            },
            ...{
              risk: 'unknown',
              reasons: [],
              rule: null,
              definitionHash: '',
              clientDeadlineMs: 60_000,
              description: said,
            },
            argumentsText: JSON.stringify({ said, deep: [{ [said]: said }] }),
          } as never)
          shown.push(JSON.stringify(approvals.list()[0]))
          approvals.withdrawAll('next')
          break
        case 4: {
          // An upstream's event stream, cut anywhere.
          const events = new Events(
            1_000_000,
            ({ data }) => {
              tap.push('server', 'client', data)
              shown.push(...tap.last(1).map(frame => JSON.stringify(frame)))
            },
            () => {},
          )
          const data = JSON.stringify({
            jsonrpc: '2.0',
            id: round,
            result: { content: [{ type: 'text', text: said }] },
          })
          const chunks: Buffer[] = []
          intoChunks(Buffer.from(`event: message\ndata: ${data}\n\n`), chunk => chunks.push(chunk))
          for (const chunk of chunks) await events.push(chunk)
          break
        }
        case 5:
          // A refusal of HTTP's, cut for people.
          shown.push(
            refusal(500, redact('x'.repeat(random.below(320)) + said), { args: [], env: {}, headers: {} }).message,
          )
          break
        case 6: {
          const definition = {
            name: `t${round}`,
            description: said,
            inputSchema: { properties: { [said]: { default: said } } },
          }
          const listing = { initialize: JSON.stringify({ instructions: said }), tools: [JSON.stringify(definition)] }
          const tools = pinnedTools(listing, redact)
          const found = [...tools.values()].flatMap(({ text }) => checkTool(JSON.parse(text)))
          shown.push(JSON.stringify([...tools.values()].map(tool => tool.text)), JSON.stringify(found))
          shown.push(JSON.stringify(redactedJson(listing.tools[0]!, redact)))
          break
        }
        case 7: {
          // A preview of a client's file and an error, as they leave for the window.
          const text = JSON.stringify(
            { mcpServers: { files: { command: 'x', args: [said, `--say=${said}`] } } },
            null,
            2,
          )
          const root = parseTree(text) ?? null
          const file = masked({ text, root })
          shown.push(JSON.stringify(redactAll({ beforeText: file, diff: `-${file}` }, redact)))
          shown.push(JSON.stringify(redactAll(problemOf(new HubError('x/y', said, { hint: said })), redact)))
          break
        }
        default: {
          const definition = { id: 's', name: 's', launch: { command: 'x', args: [], env: {}, headers: {} } }
          const known = { timing: TIMING, patience: null, session: undefined, logs, since: 0, redact }
          const failure = await failureOf(new Error(said), { ...known, definition: definition as never })
          shown.push(JSON.stringify(failure))
        }
      }
    }
    shown.push(...logs.last(1_000).map(line => line.text))
    // Before it is closed, so that the WAL is still there to look at.
    await audit.append({ kind: 'hub', what: 'end' }, { durable: true })
    await Promise.all([...closing, logs.close()])
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
      /\.(log|db|db-wal)$/.test(name),
    )
    expect(files).toEqual(expect.arrayContaining(['audit.db', 'audit.db-wal']))
    const disk = files.map(name => [name, readFileSync(join(folder, name)).toString('latin1')] as const)
    shown.push(...(await audit.list({ limit: 1_000 })).map(row => JSON.stringify(row)), ...appended)
    const wanted = SECRETS.flatMap(givenAway)
    const found = [['window', Buffer.from(shown.join('\n')).toString('latin1')] as const, ...disk].flatMap(
      ([place, all]) =>
        wanted.filter(form => all.includes(form)).map(form => `${place}: ${form} (seed ${random.seed})`),
    )
    expect(found).toEqual([])
    // It did arrive everywhere, and what stands there says which it was.
    const name = Buffer.from('‹secret:PLANTED_').toString('latin1')
    expect(shown.join('').split('‹secret:PLANTED_').length).toBeGreaterThan(ROUNDS / 4)
    expect(disk.filter(([, all]) => all.includes(name)).length).toBeGreaterThan(ROUNDS / EACH_LOG)
  } finally {
    approvals.close()
    tap.close()
    await audit.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
