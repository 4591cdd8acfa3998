// Numbers as they are written: JavaScript's own keep about 16 digits, and what has more must not be rounded unseen.

/** Whether a number says all that its text said. */
export function isExact(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false
  const written = digitsOf(source)
  return written.length <= 15 ? value !== 0 || written === '' : digitsOf(String(value)) === written
}

/** Those that count: `-0.0120e5` has 12. */
function digitsOf(source: string): string {
  const digits = source
    .replace(/[eE].*$/, '')
    .replaceAll(/[^\d]/g, '')
    .replace(/^0+/, '')
  // By hand: a pattern for the end would look at each run of zeros again and again.
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return digits.slice(0, end)
}

/** For JSON.parse: numbers that would lose digits become text. */
export function textWhereInexact(_: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && !isExact(source, value) ? source : value
}
