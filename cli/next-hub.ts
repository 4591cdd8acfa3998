// For what goes on when the hub ends: waits until another one is there.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Input } from './command.ts'
import type { HubConnection } from './hub-connection.ts'

const LOOK_AGAIN_MS = 300

export async function nextHub(hubIfAny: Input['hubIfAny']): Promise<HubConnection> {
  process.stderr.write('gatehouse: The hub ended. Waiting for the next one; Ctrl-C ends this.\n')
  for (;;) {
    const hub = await hubIfAny().catch(() => null)
    if (hub) return hub
    await sleep(LOOK_AGAIN_MS)
  }
}
