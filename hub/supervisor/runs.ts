// Every run of a child: told to the sentry and the ledger before anything else, so that none outlives the hub.
import type { Run } from './family.ts'
import { Ledger, reapLeftovers } from './ledger.ts'
import type { Records, ServerDefinition } from './needs.ts'
import type { RunKeeper } from './stdio-connection.ts'
import { Watch } from './watch.ts'

export class Runs {
  readonly #watch = new Watch()
  readonly #ledger: Ledger
  readonly #running = new Map<number, { server: string; run: Run }>()

  constructor(folder: string) {
    this.#ledger = new Ledger(folder)
  }

  /** The process that ends every server should this one be killed. */
  get sentryPid(): number | null {
    return this.#watch.pid
  }

  /** Those of each server: one, or as many as it has children. */
  byServer(): Map<string, Run[]> {
    const found = new Map<string, Run[]>()
    for (const { server, run } of this.#running.values()) found.set(server, [...(found.get(server) ?? []), run])
    return found
  }

  keeper({ id, launch }: ServerDefinition): RunKeeper {
    const command = [launch.command ?? '', ...launch.args].join(' ')
    return {
      // A kill may hit us in the middle of the spawn, so that nobody ever hears the pid.
      begins: mark => {
        this.#watch.expect(mark)
        this.#ledger.expect({ mark, server: id, command })
      },
      failed: mark => {
        this.#watch.forget(mark)
        this.#ledger.forget(mark)
      },
      began: run => {
        // The sentry first: a write to a pipe is sooner done than a file.
        this.#watch.add(run)
        this.#ledger.add({ ...run, server: id, command })
        this.#running.set(run.pid, { server: id, run })
      },
      // What could not be ended stays listed, so that the sentry and the next start try again.
      ended: (pid, left) => {
        this.#running.delete(pid)
        if (left.length > 0) return
        this.#watch.remove(pid)
        this.#ledger.remove(pid)
      },
    }
  }

  /** Lets the sentry go. */
  close(): Promise<void> {
    return this.#watch.close()
  }
}

/** Ends what a killed hub left behind, and records it. */
export async function reap(folder: string, audit: Records): Promise<void> {
  for (const { run, left } of await reapLeftovers(folder)) {
    const detail =
      left.length > 0
        ? `Of ${run.command}, left by a hub that was killed, ${left.length} processes could not be ended.`
        : `${run.command}, from a hub that was killed.`
    const event = { kind: 'server', what: 'server/reaped', server: run.server, by: 'gatehouse', detail } as const
    void audit.append(event, { durable: false }).catch(() => {})
  }
}
