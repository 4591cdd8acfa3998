// For commands that start a hub where none runs.
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from './command.ts'
import { connectHub, type HubConnection } from './hub-connection.ts'
import { oneLine } from './print.ts'
import { startHub } from './start-hub.ts'

/** The running hub, or one that is started now. */
export async function connectOrStart(data: string, withinMs: number): Promise<HubConnection> {
  const running = await connectHub(data)
  if (running) return running
  const until = Date.now() + withinMs
  const started = startHub(data)
  while (Date.now() < until) {
    await sleep(100)
    const hub = await connectHub(data)
    if (hub) return hub
    // It may have lost against another one that is starting: that one gets its time, too.
    const words = started.isOver() ? oneLine(started.lastWords()) : ''
    if (started.isOver() && !words.includes('already running'))
      throw new CommandError(
        `The hub for ${data} did not start. ${words}`.trim(),
        words ? undefined : 'Run `gatehouse serve` to see why.',
      )
  }
  throw new CommandError(`The hub for ${data} did not answer in time.`, 'Run `gatehouse serve` to see why.')
}
