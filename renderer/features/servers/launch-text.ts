// A launch's lists as lines of text and back.

export const asLines = (text: string): string[] => text.split('\n').filter(line => line !== '')

export const pairsText = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')

/** `NAME=value` per line. `problem`: the first line that is not. */
export function readPairs(text: string): { values: Record<string, string>; problem: string | null } {
  const values: Record<string, string> = {}
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const at = line.indexOf('=')
    if (at < 1) return { values, problem: `“${line.slice(0, 40)}” is not NAME=value.` }
    values[line.slice(0, at).trim()] = line.slice(at + 1)
  }
  return { values, problem: null }
}
