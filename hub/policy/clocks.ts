// Two clocks, since each lies in its own way: the wall clock can be set, the steady one stands still while a machine sleeps.
import { performance } from 'node:perf_hooks'

export interface Clocks {
  /** Epoch ms. */
  wall(): number
  /** Ms since some fixed moment; never goes back. */
  steady(): number
}

export const realClocks: Clocks = { wall: () => Date.now(), steady: () => performance.now() }

/** A moment on both clocks; it is over as soon as either says so. */
export interface Moment {
  wall: number
  steady: number
}

export function momentAfter(clocks: Clocks, ms: number): Moment {
  return { wall: clocks.wall() + ms, steady: clocks.steady() + ms }
}

export function isOver(clocks: Clocks, moment: Moment): boolean {
  return clocks.wall() >= moment.wall || clocks.steady() >= moment.steady
}

/** How long until it is over; at least 0. */
export function msLeft(clocks: Clocks, moment: Moment): number {
  return Math.max(0, Math.min(moment.wall - clocks.wall(), moment.steady - clocks.steady()))
}

const SLEEP_MS = 30_000

/** Tells that the machine slept (or the process stood still): more than 30 s passed between two looks, on either clock. */
export class SleepWatch {
  readonly #clocks: Clocks
  #last: Moment

  constructor(clocks: Clocks) {
    this.#clocks = clocks
    this.#last = momentAfter(clocks, 0)
  }

  /** Call it at least every few seconds while anything is alive. */
  hasSlept(): boolean {
    const { wall, steady } = this.#last
    this.#last = momentAfter(this.#clocks, 0)
    return this.#last.wall - wall > SLEEP_MS || this.#last.steady - steady > SLEEP_MS
  }
}
