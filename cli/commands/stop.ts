// `gatehouse stop`: ends the hub in order, and waits until it has. With --servers it stays, and everything else stops.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, UsageError } from '../command.ts'
import type { HubConnection } from '../hub-connection.ts'
import { readHubFile } from '../hub-file.ts'
import { say, sayJson } from '../print.ts'

export const stop: Command = {
  synopsis: '[--servers [--off]]',
  help: `  --servers     stop every server and refuse every call, until a person starts them again in the window
  --off         ask the person to start them again`,
  options: { servers: { type: 'boolean' }, off: { type: 'boolean' } },
  async run({ data, json, flag, hub }) {
    const running = await hub()
    if (flag('off')) {
      if (!flag('servers')) throw new UsageError('--off goes with --servers.')
      const done = await running.call.policy.change({ kind: 'stop', on: false })
      if (json) sayJson(done)
      else say(done.applied ? 'Nothing is stopped.' : 'This waits for you in the window, under Approvals.')
      return 0
    }
    if (flag('servers')) {
      const { underWay = 0 } = await running.call.policy.change({ kind: 'stop', on: true })
      if (json) sayJson({ stopped: true, underWay })
      else
        say(
          `Every server is stopped and every call refused, until you start it again in the window.${cutOff(underWay)}`,
        )
      return 0
    }
    await stopHub(data, running)
    if (json) sayJson({ stopped: true })
    else say('The hub has stopped.')
    return 0
  },
}

/** Resolves when it has ended. */
export async function stopHub(data: string, running: HubConnection): Promise<void> {
  const pid = readHubFile(data)?.pid
  await running.call.hub.stop()
  await running.closed
  while (pid !== undefined && readHubFile(data)?.pid === pid) await sleep(50)
}

function cutOff(underWay: number): string {
  if (underWay === 0) return ''
  return ` ${underWay === 1 ? '1 call' : `${underWay} calls`} had begun already and may have done something.`
}
