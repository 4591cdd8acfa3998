// What stands on a chart's axes: how far they reach, and times (UTC) and numbers in words.

/** From 0 where that does not flatten what is to be seen. */
export function reach(values: readonly number[]): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (least === most) return least === 0 ? [0, 1] : least > 0 ? [0, most] : [least, 0]
  if (least >= 0 && most - least > most / 10) return [0, most]
  if (most <= 0 && most - least > -least / 10) return [least, 0]
  return [least, most]
}

export function timeWords(at: Date, rangeMs: number): string {
  const iso = at.toISOString()
  if (rangeMs < 5 * 60_000) return iso.slice(11, 19)
  if (rangeMs > 36 * 3_600_000 && iso.slice(11, 16) === '00:00') return iso.slice(5, 10)
  return iso.slice(11, 16)
}

/** All ticks of an axis alike: with a letter for thousands, or with the digits that tell them apart. */
export function numberWords(ticks: readonly number[]): (value: number) => string {
  const most = Math.max(...ticks.map(Math.abs))
  const apart = Math.abs((ticks[1] ?? most) - (ticks[0] ?? 0)) || 1
  if (most < 10_000 && apart >= 1e-5)
    return value =>
      value.toFixed(Math.min(6, Math.max(0, Math.ceil(-Math.log10(apart) - 1e-9)) + (isRound(apart) ? 0 : 1)))
  const short = new Intl.NumberFormat('en', {
    notation: most < 1 ? 'scientific' : 'compact',
    maximumSignificantDigits: 6,
  })
  return value => short.format(value)
}

/** 0.5 and 20, rather than 0.25. */
const isRound = (step: number) => Number(step.toPrecision(1)) === Number(step.toPrecision(6))

/** A stretch of time, as short as it can be said. */
export function stretchWords(from: number, to: number): string {
  const short = to - from < 5 * 60_000
  const clock = (at: number) => new Date(at).toISOString().slice(11, short ? 19 : 16)
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  if (from === to) return `${day(from)} ${clock(from)} UTC`
  return `${day(from)} ${clock(from)} – ${day(from) === day(to) ? '' : `${day(to)} `}${clock(to)} UTC`
}
