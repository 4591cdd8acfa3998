// The hub: opens its parts in order, answers on its socket, and closes them in reverse.
import { openDoors } from './doors.ts'
import { openEngine } from './engine.ts'
import { type HubOptions, openGround } from './ground.ts'
import { OpenParts } from './parts.ts'

export interface Hub {
  readonly socket: string
  /** Opens the window's listener where it is not open, and makes a link that works once. */
  newLink(): Promise<string>
  /** A one-time code alone, for a shell that holds the inherited pipe. */
  newCode(): string
  /** A text of ours without secrets, for what is said outside the log: it may end in a file. */
  redact(text: string): string
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
  const redact = (text: string) => ground.vault.redactor.redact(text)
  return { socket, newLink, newCode: () => ground.windows.newCode(), redact, close: () => parts.closeAll() }
}
