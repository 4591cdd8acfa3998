// A real Prometheus of its own, on a free port of this computer, with something to scrape and to be alarmed about; for tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../postgres/test-postgres.ts'

export const hasPrometheus = (process.env.PATH ?? '')
  .split(delimiter)
  .some(path => existsSync(join(path, 'prometheus')))

const METRICS = `# TYPE queue_depth gauge
queue_depth{queue="mail"} 7
queue_depth{queue="say \\"hi\\"\\\\"} 1
# TYPE odd_value gauge
odd_value{kind="nothing"} NaN
odd_value{kind="much"} +Inf
# TYPE rare_total counter
rare_total 3
`
const RULES = `groups:
- name: shop
  rules:
  - alert: QueueIsLong
    expr: queue_depth > 5
    labels: {severity: page}
    annotations: {summary: 'The queue {{ $labels.queue }} is long'}
  - alert: QueueStaysLong
    expr: queue_depth > 6
    for: 1h
  - alert: QueueIsGone
    expr: absent(queue_depth)
`

export interface RunningPrometheus {
  url: string
  stop(): Promise<void>
}

/** Resolves when it has scraped job "shop" and knows of its alerts. */
export async function startPrometheus(): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-prometheus-'))
  const shop = createServer((_, response) => response.end(METRICS)).listen(0, '127.0.0.1')
  await once(shop, 'listening')
  const target = `127.0.0.1:${(shop.address() as AddressInfo).port}`
  writeFileSync(join(folder, 'rules.yml'), RULES)
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
- job_name: shop
  static_configs: [{targets: ['${target}']}]
`,
  )
  const port = await freePort()
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const server = spawn('prometheus', args, { cwd: folder, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL')
      await once(server, 'exit')
    }
    shop.close()
    shop.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
  for (let tries = 0; ; tries++) {
    const alerts = await fetch(`${url}/api/v1/alerts`).then(
      response => response.text(),
      () => '',
    )
    if (alerts.includes('"firing"') && alerts.includes('"pending"')) return { url, stop }
    if (tries === 300 || server.exitCode !== null) {
      await stop()
      throw new Error(`Prometheus did not come up: ${alerts}`)
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
