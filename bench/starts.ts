// How long things take until they answer, or are gone, and what this disk takes for one fsync.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
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

const TEST_HUB = join(import.meta.dirname, '../hub/supervisor/fixtures/test-hub.ts')
const MOST_MS = 30_000

/** From SIGKILL of a hub to the end of the last process of its three servers, which ignore every milder word. */
export async function killedHub(into: Samples): Promise<void> {
  const stubborn = ['normal', 'stubborn', 'grandparent']
  const hub = spawn(process.execPath, [TEST_HUB, freshFolder(), ...stubborn], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: hub.stdout }), 'line')
  const { pids } = JSON.parse(line) as { pids: number[] }
  const began = performance.now()
  hub.kill('SIGKILL')
  while (pids.some(isRunning) && performance.now() - began < MOST_MS) await pause(5)
  into.ms.push(performance.now() - began)
}

/** What is dead and waits for its parent to hear of it does not run. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
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
