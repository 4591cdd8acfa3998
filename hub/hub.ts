// The hub: opens its parts in order, answers on its socket, and closes them in reverse.
import { openDoors } from './doors.ts'
import { openEngine } from './engine.ts'
import { openGround } from './ground.ts'
import { OpenParts } from './parts.ts'

export interface HubOptions {
  /** The data folder. */
  data: string
  /** A policy file for a machine without a person; only on a folder that was created with it. */
  policy?: string
  /** The browser window's port; 0 or absent: any free one. */
  port?: number
  /** Called once the hub wants to end by itself (asked to stop). */
  onStop?: () => void
  /** Called when the number of connections and windows changes, for the idle end. */
  onBusy?: (connections: number) => void
  report?: (message: string) => void
}

export interface Hub {
  readonly socket: string
  /** Opens the window's listener where it is not open, and makes a link that works once. */
  newLink(): Promise<string>
  /** A one-time code alone, for a shell that holds the inherited pipe. */
  newCode(): string
  close(): Promise<void>
}

/** Opens a hub on a data folder. Throws HubError, with everything closed again, when a part cannot open. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const report = options.report ?? (message => process.stderr.write(`${message}\n`))
  const parts = new OpenParts((name, error) =>
    report(`Closing ${name} failed: ${error instanceof Error ? error.message : error}`),
  )
  try {
    return await openParts(options, parts, report)
  } catch (error) {
    await parts.closeAll()
    throw error
  }
}

async function openParts(options: HubOptions, parts: OpenParts, report: (message: string) => void): Promise<Hub> {
  const startedAt = Date.now()
  const ground = await openGround(options, parts, report)
  const engine = await openEngine(ground, parts, () => doors.status())
  const doors = await openDoors({ ground, engine, options, startedAt }, parts, report)
  engine.supervisor.begin()
  await Promise.all([doors.http.begin(), engine.metrics.begin()])
  const { socket, newLink } = doors
  return { socket, newLink, newCode: () => ground.windows.newCode(), close: () => parts.closeAll() }
}
