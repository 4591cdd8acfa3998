// How long things take until they answer, and what this disk takes for one fsync.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Samples } from './measure.ts'
import { bridge, freshFolder, peer, type RunningHub, startHub } from './stage.ts'

const PAGE = Buffer.alloc(4_096, 7)

/** `node -e 0`, from spawn to exit: what any bridge written for Node must cost. */
export async function bareNode(into: Samples): Promise<void> {
  const began = performance.now()
  await peer(['-e', '0']).exited
  into.ms.push(performance.now() - began)
}

/** From spawn to the first answer. */
export async function bridgeStart(hub: RunningHub, into: Samples): Promise<void> {
  const began = performance.now()
  const started = bridge(hub)
  await started.greet()
  into.ms.push(performance.now() - began)
  await started.close()
}

/** From spawn to the ready line, on a data folder that is not there yet. */
export async function hubStart(into: Samples): Promise<void> {
  const hub = await startHub()
  into.ms.push(hub.readyMs)
  await hub.close()
}

/** A page appended and synced, as a log does it. */
export class Disk {
  readonly #file = openSync(join(freshFolder(), 'page'), 'w')

  sync(times: number, into: Samples): void {
    for (let n = 0; n < times; n++) {
      const began = performance.now()
      writeSync(this.#file, PAGE)
      fsyncSync(this.#file)
      into.ms.push(performance.now() - began)
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}
