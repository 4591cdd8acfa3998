// Numbers as people read them: 48,213 · 96 ms · 10.0 s · 118 MB · 2.9k tokens.

export const count = (n: number): string => n.toLocaleString('en-US')

export function duration(ms: number): string {
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`
  if (n < 100_000) return `${(n / 1000).toFixed(1)} kB`
  if (n < 1_000_000) return `${Math.round(n / 1000)} kB`
  if (n < 1_000_000_000) return `${Math.round(n / 1_000_000)} MB`
  return `${(n / 1_000_000_000).toFixed(1)} GB`
}

/** Estimated, so never exact. */
export const tokens = (n: number): string => (n < 1000 ? String(n) : `${(n / 1000).toFixed(1)}k`)

export const percent = (n: number): string => `${n < 10 ? n.toFixed(1) : Math.round(n)} %`

/** `one` or `many`, with the number. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`

const words = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten', 'Eleven', 'Twelve']
/** "Two", "Twelve", "13": a number that starts a sentence. */
export const spelled = (n: number): string => words[n] ?? count(n)
