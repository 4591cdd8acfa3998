// What is measured of a route: how long one call takes when alone, and how many go through when many are in flight.

export type Call = () => Promise<unknown>

/** Ms of each call, and calls a second of each round. */
export class Samples {
  readonly ms: number[] = []
  readonly perSecond: number[] = []
  /** All that were made, measured alone or not. */
  calls = 0

  p(quantile: number): number {
    return quantileOf(this.ms, quantile)
  }

  /** The middle round. */
  get rate(): number {
    return quantileOf(this.perSecond, 0.5)
  }
}

export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN
}

/** One after the other, `most` calls or until the time is up. */
export async function oneByOne(call: Call, into: Samples, most: number, forMs: number): Promise<void> {
  const until = performance.now() + forMs
  for (let n = 0; n < most && performance.now() < until; n++) {
    const began = performance.now()
    await call()
    into.calls++
    into.ms.push(performance.now() - began)
  }
}

/** `lanes` calls in flight at any time, for a while. */
export async function manyAtOnce(call: Call, into: Samples, lanes: number, forMs: number): Promise<void> {
  const began = performance.now()
  const until = began + forMs
  let calls = 0
  const lane = async () => {
    while (performance.now() < until) {
      await call()
      calls++
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  into.calls += calls
  into.perSecond.push(calls / ((performance.now() - began) / 1_000))
}
