// Chance that can be repeated: GATEHOUSE_SEED brings the same run back.

export interface Chance {
  seed: number
  /** 0 … n-1. */
  below(n: number): number
  one<T>(of: readonly T[]): T
  bytes(n: number): Buffer
}

export function chance(seed = Number(process.env.GATEHOUSE_SEED || Math.floor(Math.random() * 2 ** 31))): Chance {
  let state = seed >>> 0
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    seed,
    below,
    one: of => of[below(of.length)]!,
    bytes: n => Buffer.from(Array.from({ length: n }, () => below(256))),
  }
}
