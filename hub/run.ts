// The hub as a process: prints one ready line, ends in order, and never outlives its owner.
import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { problemOf } from './error.ts'
import { type Hub, openHub } from './hub.ts'
import { defaultDataFolder } from './store/data-folder.ts'
import { withoutShapes } from './vault/shapes.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    web: { type: 'boolean', default: false },
    port: { type: 'string' },
    policy: { type: 'string' },
    /** Started by a bridge or `call`: ends by itself when nobody needs it. */
    background: { type: 'boolean', default: false },
    /** A file descriptor to write one pairing code to: the desktop shell's inherited pipe. */
    'pairing-fd': { type: 'string' },
  },
})

const IDLE_MS = 10 * 60_000
const PARENT_CHECK_MS = 500
const CLOSE_DEADLINE_MS = 20_000

let hub: Hub | undefined
let ending = false
let idle: NodeJS.Timeout | undefined

async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  setTimeout(() => process.exit(code || 1), CLOSE_DEADLINE_MS).unref()
  await hub?.close()
  process.exit(code)
}

function endWhenIdle(connections: number): void {
  clearTimeout(idle)
  if (values.background && connections === 0) idle = setTimeout(() => void end(0), IDLE_MS)
}

/** npm does not pass signals on: whoever lost its parent ends. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) void end(0)
  }, PARENT_CHECK_MS).unref()
}

/** Of a hub that was started in the background this stands in a file. */
function sayUnexpected(error: unknown): void {
  const words = `gatehouse: unexpected: ${problemOf(error).message}\n${error instanceof Error ? `${error.stack}\n` : ''}`
  try {
    writeSync(process.stderr.fd, hub ? hub.redact(words) : withoutShapes(words))
  } catch {
    // A broken terminal must not end the hub.
  }
}

process.on('SIGTERM', () => void end(0))
process.on('SIGINT', () => void end(0))
process.on('SIGHUP', () => void end(0))
// A file that may grow no further (`ulimit -f`) fails the write, as a full disk does; without this the signal would end us.
process.on('SIGXFSZ', () => {})
// A promise nobody waited for, such as a record while the log is closing, must not take the servers down.
process.on('unhandledRejection', error => sayUnexpected(error))
process.on('uncaughtException', error => {
  sayUnexpected(error)
  process.exit(1)
})
// A broken terminal must not take the servers down in disorder.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

try {
  if (!values.background) endWithParent()
  hub = await openHub({
    data: values.data ?? defaultDataFolder(),
    ...(values.policy === undefined ? {} : { policy: values.policy }),
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    onStop: () => void end(0),
    onBusy: endWhenIdle,
  })
  endWhenIdle(0)
  if (values['pairing-fd']) writeSync(Number(values['pairing-fd']), `${hub.newCode()}\n`)
  const web = values.web ? await hub.newLink() : null
  process.stdout.write(`${JSON.stringify({ event: 'ready', socket: hub.socket, web, pid: process.pid })}\n`)
} catch (error) {
  const problem = problemOf(error)
  process.stderr.write(`gatehouse: ${problem.message}${problem.hint ? ` ${problem.hint}` : ''}\n`)
  if (problem.code === 'hub/unexpected') sayUnexpected(error)
  await end(1)
}
