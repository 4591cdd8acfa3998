// `gatehouse metrics …`: numbers for Prometheus on this machine. Off at once; on waits for a person in the window.
import type { MetricsStatus } from '../../contract/metrics.ts'
import { type Command, UsageError } from '../command.ts'
import { oneLine, say, sayJson } from '../print.ts'

export const metricsStatus: Command = {
  synopsis: '',
  async run({ json, hub }) {
    const status = await (await hub()).call.metrics.status()
    if (json) sayJson(status)
    else sayStatus(status)
    return 0
  },
}

export const metricsOn: Command = {
  synopsis: '[--port N]',
  help: '  --port N   where Prometheus asks (9464)',
  options: { port: { type: 'string' } },
  async run({ json, text, hub }) {
    const port = readPort(text('port'))
    const { call } = await hub()
    const done = await call.metrics.set({ on: true, ...(port === undefined ? {} : { port }) })
    if (json) sayJson(done)
    else if (done.applied) sayStatus(await call.metrics.status())
    else say('This opens a port on this machine, so it waits for a yes in the window: `gatehouse open`, Policy.')
    return 0
  },
}

export const metricsOff: Command = {
  synopsis: '',
  async run({ json, hub }) {
    const done = await (await hub()).call.metrics.set({ on: false })
    if (json) sayJson(done)
    else say('Metrics are off.')
    return 0
  },
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1024 && port <= 65_535) return port
  throw new UsageError(`--port takes a number from 1024 to 65535, not "${oneLine(text)}".`)
}

function sayStatus({ on, url, tokenFile, problem }: MetricsStatus): void {
  if (!on) say('Metrics are off. `gatehouse metrics on` asks for them.')
  else if (url === null || tokenFile === null) say(`Metrics are on, but not to be had. ${oneLine(problem ?? '')}`)
  else
    say(`Metrics are on: ${url}

For prometheus.yml:
  - job_name: gatehouse
    authorization:
      credentials_file: ${JSON.stringify(oneLine(tokenFile))}
    static_configs:
      - targets: ['${new URL(url).host}']`)
}
