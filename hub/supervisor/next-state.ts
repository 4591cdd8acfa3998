// What a server becomes when something happens to it. Decides only; the actor acts.
import type { Because, ServerState } from '../../contract/servers.ts'
import { assertNever } from '../error.ts'

export type Wait = { for: 'agreement' | 'secret' | 'sign-in'; what: string }

export type ServerEvent =
  | { kind: 'start' } /* asked for by a person, or eager */
  | { kind: 'wake' } /* a call needs it */
  | { kind: 'rest' } /* it may start, and nobody needs it yet */
  | { kind: 'spawned'; pid: number }
  | { kind: 'listed'; pid: number | null; tools: number }
  | { kind: 'idle' }
  | { kind: 'retry' }
  | { kind: 'stop' }
  | { kind: 'restart' }
  | ({ kind: 'hold' } & Wait) /* it may no longer run */
  | ({ kind: 'blocked' } & Wait) /* a start found, before it spawned anything, that it may not */
  | Exited
  /** After a stop: no process of its group is left. `wait`: what it waits for, when it was held. */
  | { kind: 'gone'; wait: Wait | null }

/** It ended, or never came up. `hopeless`: trying again changes nothing. `stable`: it had run for a good while. */
export interface Exited {
  kind: 'exited'
  because: Because
  stable: boolean
  hopeless: boolean
  /** It runs elsewhere: a network that is away for an hour is no crash loop. */
  remote?: boolean
  /** The first delay before another start, and chance, 0…1. */
  delayMs: number
  jitter: number
}

/** So many fast exits in a row are a crash loop. */
export const FAST_EXITS = 5
const LONGEST_DELAY_MS = 30_000

const STOPPED: ServerState = { kind: 'stopped' }

/** True while it has, or may have, processes. */
export function isAlive(state: ServerState): boolean {
  return state.kind === 'starting' || state.kind === 'running' || state.kind === 'stopping'
}

/** True when both are one stay in the same state, so that its timers live on. */
export function isSameStay(a: ServerState, b: ServerState): boolean {
  if (a.kind === 'starting' && b.kind === 'starting') return a.attempt === b.attempt && a.since === b.since
  if (a.kind === 'running' && b.kind === 'running') return a.since === b.since && a.pid === b.pid
  return a.kind === 'stopping' && b.kind === 'stopping'
}

export function nextState(state: ServerState, event: ServerEvent, now: number): ServerState {
  switch (event.kind) {
    case 'start':
      if (state.kind === 'stopping') return stopFor(state, 'starting', now)
      return isAlive(state) ? state : startOf(1, now)
    case 'wake':
      if (state.kind === 'stopping' && state.next === 'sleeping') return stopFor(state, 'starting', now)
      return state.kind === 'sleeping' ? startOf(1, now) : state
    case 'rest':
      if (state.kind === 'stopping') return stopFor(state, 'sleeping', now)
      return isAlive(state) || state.kind === 'sleeping' ? state : { kind: 'sleeping', since: now }
    case 'spawned':
      return state.kind === 'starting' ? { ...state, pid: event.pid } : state
    case 'listed':
      return afterListing(state, event, now)
    case 'idle':
      return state.kind === 'running' ? stopFor(state, 'sleeping', now) : state
    case 'retry':
      return state.kind === 'backing-off' ? startOf(state.attempt + 1, now) : state
    case 'stop':
      if (state.kind === 'stopped') return state
      return isAlive(state) ? stopFor(state, 'stopped', now) : STOPPED
    case 'restart':
      return isAlive(state) ? stopFor(state, 'starting', now) : startOf(1, now)
    case 'hold':
      if (isAlive(state)) return stopFor(state, 'waiting', now)
      if (state.kind === 'waiting' && state.for === event.for && state.what === event.what) return state
      return { kind: 'waiting', for: event.for, what: event.what }
    case 'blocked':
      return state.kind === 'starting' ? { kind: 'waiting', for: event.for, what: event.what } : state
    case 'exited':
      return afterExit(state, event, now)
    case 'gone':
      return afterStop(state, event.wait, now)
    default:
      return assertNever(event)
  }
}

/** How long the n-th fast exit in a row holds off the next start: doubling, half of it by chance, so that servers that fell together do not rise together. */
export function backoffMs(attempt: number, firstMs: number, jitter: number): number {
  const full = Math.min(LONGEST_DELAY_MS, firstMs * 2 ** (attempt - 1))
  return Math.round(full * (0.5 + jitter / 2))
}

function startOf(attempt: number, now: number): ServerState {
  return { kind: 'starting', attempt, since: now }
}

function stopFor(
  state: ServerState,
  next: Extract<ServerState, { kind: 'stopping' }>['next'],
  now: number,
): ServerState {
  if (state.kind !== 'stopping') return { kind: 'stopping', next, since: now }
  return state.next === next ? state : { ...state, next }
}

function afterListing(
  state: ServerState,
  { pid, tools }: { pid: number | null; tools: number },
  now: number,
): ServerState {
  if (state.kind === 'starting') return { kind: 'running', pid, since: now, tools, attempt: state.attempt }
  if (state.kind !== 'running' || state.tools === tools) return state
  return { ...state, tools }
}

function afterExit(state: ServerState, event: Exited, now: number): ServerState {
  if (state.kind !== 'starting' && state.kind !== 'running') return state
  const { because, hopeless } = event
  const attempt = state.kind === 'running' && event.stable ? 1 : (state.attempt ?? 1)
  if (hopeless || (attempt >= FAST_EXITS && !event.remote)) return { kind: 'crash-looping', starts: attempt, because }
  return { kind: 'backing-off', attempt, retryAt: now + backoffMs(attempt, event.delayMs, event.jitter), because }
}

function afterStop(state: ServerState, wait: Wait | null, now: number): ServerState {
  if (state.kind !== 'stopping') return state
  switch (state.next) {
    case 'stopped':
      return STOPPED
    case 'sleeping':
      return { kind: 'sleeping', since: now }
    case 'starting':
      return startOf(1, now)
    case 'waiting':
      return wait ? { kind: 'waiting', ...wait } : STOPPED
    default:
      return assertNever(state.next)
  }
}
