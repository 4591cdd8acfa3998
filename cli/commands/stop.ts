// `gatehouse stop`: ends the hub in order, and waits until it has.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from '../command.ts'
import { readHubFile } from '../hub-file.ts'
import { say, sayJson } from '../print.ts'

export const stop: Command = {
  synopsis: '',
  async run({ data, json, hub }) {
    const running = await hub()
    const pid = readHubFile(data)?.pid
    await running.call.hub.stop()
    await running.closed
    while (pid !== undefined && readHubFile(data)?.pid === pid) await sleep(50)
    if (json) sayJson({ stopped: true })
    else say('The hub has stopped.')
    return 0
  },
}
