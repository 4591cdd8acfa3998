// The kubernetes server and a client of it in one process, in front of the stand-in; for tests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { stringify } from 'yaml'
import { Log } from '../kit/log.ts'
import { Metrics } from '../kit/metrics.ts'
import { COMMON, readSettings } from '../kit/settings.ts'
import type { Called } from '../kit/test-client.ts'
import { Kit } from '../kit/tools.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { Namespaces } from './namespaces.ts'
import { kubernetesServer } from './server.ts'
import { SETTINGS } from './settings.ts'
import { TOKEN } from './test-cluster.ts'

export interface Connected {
  client: Client
  folder: string
  log: string[]
  call(
    name: string,
    args?: Record<string, unknown>,
  ): Promise<Called & { kind?: string; details?: Record<string, unknown> }>
  close(): Promise<void>
}

/** What a kubeconfig of one context holds; each part may be changed. */
export function kubeconfig(server: string, more: { cluster?: object; user?: object; context?: object } = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true, ...more.cluster } }],
    users: [{ name: 'gatehouse', user: more.user ?? { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'here', user: 'gatehouse', ...more.context } }],
  })
}

/** `config`: the text of its kubeconfig; null for none. */
export async function connect(
  config: string | null,
  env: Record<string, string> = {},
  options: ClusterOptions = {},
): Promise<Connected> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-'))
  const file = join(folder, 'config')
  if (config !== null) writeFileSync(file, config)
  const shape = { ...COMMON, ...SETTINGS }
  const settings = readSettings(shape, { RATE_LIMIT: '1000', ...(config === null ? {} : { KUBECONFIG: file }), ...env })
  const log: string[] = []
  const kit = new Kit({
    log: new Log('kubernetes', { write: line => log.push(line) }),
    metrics: new Metrics('kubernetes', '1'),
    settings,
  })
  const cluster = new Cluster(settings, kit.log, { firstDelayMs: 1, home: folder, ...options })
  const server = kubernetesServer(kit, { cluster, namespaces: new Namespaces(cluster), limits: settings })
  const client = new Client({ name: 'test', version: '1' })
  const [a, b] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(a), client.connect(b)])
  return {
    client,
    folder,
    log,
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args })
      const content = result.content as Called['content']
      const { error } = (result.structuredContent ?? {}) as {
        error?: { kind: string; details: Record<string, unknown> }
      }
      const told = {
        failed: result.isError === true,
        text: content[0]?.text ?? '',
        data: result.structuredContent,
        content,
      }
      return error ? { ...told, kind: error.kind, details: error.details } : told
    },
    async close() {
      await client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
