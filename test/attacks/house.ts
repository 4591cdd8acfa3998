// One hub under attack: a person's window, a server that writes down what reaches it, a call that waits, and what must not change.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectHub, type HubConnection } from '../../cli/hub-connection.ts'
import { type Hub, openHub } from '../../hub/hub.ts'
import { addAndAgree } from '../e2e/stories.ts'
import { until } from '../harness.ts'
import { enterAsBridge, type RawPeer } from '../raw-peer.ts'
import { openWindow, type WindowClient } from '../window-client.ts'

export const PIN = '4711'

export interface Attacked {
  data: string
  hub: Hub
  link: string
  window: WindowClient
  cli: HubConnection
  bridge: RawPeer
  server: string
  /** Id of the call that waits. */
  waits: string
  http: { url: string; headers: Record<string, string> }
  /** All that a person decides about. An attack leaves it as it was. */
  decided(): Promise<object>
  /** What the rows since then say, and of which tool. */
  rowsSince(seq: number): Promise<string[]>
  lastRow(): Promise<number>
  close(): Promise<void>
}

export async function openAttacked(): Promise<Attacked> {
  const data = mkdtempSync(join(tmpdir(), 'attacked-'))
  const hub = await openHub({ data, report: () => {} })
  const link = await hub.newLink()
  const window = await openWindow(link, { pin: PIN })
  const cli = (await connectHub(data))!
  const heard = join(data, '..', `${data.split('/').at(-1)}-heard`)
  const program = join(import.meta.dirname, '../fixtures/gateway/witness.mjs')
  const [witness] = await addAndAgree(window, { witness: { command: process.execPath, args: [program, heard] } })
  await window.call.clients.setHttpPort({ port: await freePort() })
  const other = await window.call.clients.addOther({ name: 'Zed', transport: 'http' })
  const bridge = await enterAsBridge(hub.socket)
  void bridge.call('witness_act', { n: 1 })
  const waiting = async () => (await window.call.approvals.list()).filter(one => one.state.kind === 'waiting')
  await until('a call waits', async () => (await waiting()).length === 1)
  const lastRow = async () => (await window.call.audit.list({ limit: 1 }))[0]?.seq ?? 0
  return {
    data,
    hub,
    link,
    window,
    cli,
    bridge,
    server: witness!.id,
    waits: (await waiting())[0]!.id,
    http: entryOf(other.entry),
    lastRow,
    async decided() {
      const { preset, readOnly, rules } = await window.call.policy.get()
      const servers = await window.call.servers.list()
      const calls = await window.call.approvals.list()
      const heardCalls = existsSync(heard)
        ? readFileSync(heard, 'utf8')
            .split('\n')
            .filter(l => l.includes('tools/call'))
        : []
      return {
        policy: { preset, readOnly, rules },
        running: servers.filter(one => one.state.kind === 'running').map(one => [one.name, one.trusted]),
        answered: calls.filter(one => one.state.kind === 'answered').map(one => one.id),
        first: calls.find(one => one.askedAt === Math.min(...calls.map(c => c.askedAt)))?.state.kind,
        windows: (await window.call.windows.list()).length,
        secrets: await window.call.secrets.list().catch(() => 'no keychain'),
        heardCalls,
      }
    },
    async rowsSince(seq) {
      const rows = await window.call.audit.list({ limit: 200 })
      return rows
        .filter(row => row.seq > seq)
        .flatMap(({ event }) => (event ? [event.what, ...(event.tool ? [`${event.what} ${event.tool}`] : [])] : []))
    },
    async close() {
      window.close()
      cli.close()
      bridge.end()
      await hub.close()
    },
  }
}

function entryOf(entry: string): Attacked['http'] {
  const found = /"url"\s*:\s*"([^"]+)"[\s\S]*?"Authorization"\s*:\s*"([^"]+)"/i.exec(entry)
  if (!found) throw new Error(`No HTTP entry: ${entry}`)
  return { url: found[1]!, headers: { authorization: found[2]! } }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
