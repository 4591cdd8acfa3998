// `gatehouse connect`: what an AI client's config starts.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runBridge } from '../bridge.ts'
import type { Command } from '../command.ts'
import { dial } from '../dial.ts'
import { type StartedHub, startHub } from '../start-hub.ts'

export const connect: Command = {
  synopsis: '[--client ID] [--server SLUG]',
  help: `Speaks MCP on stdin and stdout and carries it to the hub, which is started when none runs.
  --client ID     the entry it was started from (claimed; the token in GATEHOUSE_TOKEN proves it)
  --server SLUG   one server only, its tools under their own names`,
  options: { client: { type: 'string' }, server: { type: 'string' } },
  endless: () => true,
  async run({ data, text }) {
    const token = process.env.GATEHOUSE_TOKEN
    const client = text('client')
    const server = text('server')
    let hub: StartedHub | null = null
    let wasLinked = false
    process.once('SIGTERM', () => process.exit(0))
    return runBridge({
      stdin: process.stdin,
      stdout: process.stdout,
      async dial() {
        const dialled = await dial(data, {
          role: 'bridge',
          ...(token ? { token } : {}),
          ...(client ? { client } : {}),
          ...(server ? { server } : {}),
        })
        wasLinked ||= dialled.kind === 'connected'
        return dialled
      },
      start() {
        // A session from before must not make the folder anew.
        if (existsSync(join(data, 'uninstalled')) || (wasLinked && !existsSync(join(data, 'id'))))
          return 'Gatehouse was uninstalled.'
        // One at a time: a hub that is on its way is waited for.
        if (hub && !hub.isOver()) return ''
        const words = hub?.lastWords() ?? ''
        hub = startHub(data)
        return words
      },
    })
  },
}
