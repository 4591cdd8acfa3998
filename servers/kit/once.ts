// Idempotency keys: what runs under a key runs once, whoever asks again and whatever crashes in between.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, type FailureKind } from './failure.ts'
import type { State } from './state.ts'

interface Kept {
  fingerprint: string
  /** Of this attempt: a run that was thought dead does not overwrite who went on. */
  run: string
  /** `unclear`: it failed, and nobody knows whether it was done. */
  is: 'running' | 'done' | 'unclear'
  result?: unknown
}

export interface OnceOptions<T> {
  /** Taken back: no longer waits for the one that runs. What runs is not stopped. */
  signal?: AbortSignal
  /**
   * What finds out (or safely sends again, under the other side's own idempotency key) after a run whose end nobody
   * knows. Without it, such a key is refused for good.
   */
  afterCrash?: () => Promise<T>
  leaseMs?: number
  /** After which a key is forgotten; without, never. */
  keepMs?: number
}

const GROUP = 'once'
const LEASE_MS = 30_000
/** Failures of these kinds say that nothing was done, so the key is free again. */
const UNDONE: readonly FailureKind[] = [
  'validation_error',
  'not_found',
  'permission_denied',
  'conflict',
  'rate_limited',
]

/**
 * Runs `run` under `key`, or gives what it gave before. `input`: with other input the same key is a conflict.
 * `run` must give what JSON can hold. `repeated`: it was answered from what is kept.
 */
export async function once<T>(
  state: State,
  key: string,
  input: unknown,
  run: () => Promise<T>,
  { signal, afterCrash, leaseMs = LEASE_MS, keepMs }: OnceOptions<T> = {},
): Promise<{ result: T; repeated: boolean }> {
  const fingerprint = fingerprintOf(input)
  const mine: Kept = { fingerprint, run: randomUUID(), is: 'running' }
  for (;;) {
    const held = await state.read(GROUP, key)
    const kept = held?.value as Kept | undefined
    if (kept && kept.fingerprint !== fingerprint) throw otherInput(key)
    if (kept?.is === 'done') return { result: kept.result as T, repeated: true }
    if (kept?.is === 'running' && held!.isLeased) {
      await sleep(100, undefined, signal ? { signal } : {})
      continue
    }
    if (kept && !afterCrash) throw unclear(key)
    const version = await state.put(GROUP, key, mine, { ifVersion: held?.version ?? null, leaseMs, keepMs })
    // Another was first: then it is the one that runs.
    if (version === null) continue
    const result = await underLease(state, key, mine, version, kept ? afterCrash! : run, { leaseMs, keepMs })
    return { result, repeated: false }
  }
}

/** Whether something ran under `key` before, or runs now. Throws Failure where that was with other input. */
export async function known(state: State, key: string, input: unknown): Promise<boolean> {
  const kept = (await state.read(GROUP, key))?.value as Kept | undefined
  if (kept && kept.fingerprint !== fingerprintOf(input)) throw otherInput(key)
  return kept !== undefined
}

/** The same for the same input, in whatever order its members stand. */
export function fingerprintOf(input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(input)))
    .digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return members.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)])
}

async function underLease<T>(
  state: State,
  key: string,
  mine: Kept,
  first: string,
  run: () => Promise<T>,
  { leaseMs, keepMs }: { leaseMs: number; keepMs: number | undefined },
): Promise<T> {
  let version = first
  let writing: Promise<unknown> = Promise.resolve()
  const write = (value: Kept, lease = 0) =>
    (writing = writing.then(async () => {
      version = (await state.put(GROUP, key, value, { ifVersion: version, leaseMs: lease, keepMs })) ?? version
    }))
  const beat = setInterval(() => write(mine, leaseMs).catch(() => {}), leaseMs / 3)
  let result: T
  try {
    result = await run()
  } catch (error) {
    clearInterval(beat)
    await writing.catch(() => {})
    // Where the store cannot be told, the lease runs out, which says the same as `unclear`.
    if (error instanceof Failure && UNDONE.includes(error.kind)) await state.remove(GROUP, key, version).catch(() => {})
    else await write({ ...mine, is: 'unclear' }).catch(() => {})
    throw error
  }
  clearInterval(beat)
  await writing.catch(() => {})
  writing = Promise.resolve()
  for (let tries = 0; ; tries++) {
    try {
      await write({ ...mine, is: 'done', result })
      return result
    } catch (error) {
      writing = Promise.resolve()
      // It was done, and the key may say "unclear" later, which is safe: it is not done again.
      if (tries === 3) throw error
      await sleep(100 * 2 ** tries)
    }
  }
}

function otherInput(key: string): Failure {
  return new Failure(
    'conflict',
    `The idempotency key ${key} was used before, with other input.`,
    'Use a new key for something new, or the same input to see how it ended.',
  )
}

function unclear(key: string): Failure {
  return new Failure(
    'conflict',
    `A call with the idempotency key ${key} ended before its result was noted: nobody knows whether it was done.`,
    'Look whether it was done. Only if it was not, call again with a new key.',
  )
}
