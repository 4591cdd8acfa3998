// A unified diff of two texts that differ in one place, and the part of a long text that is worth showing.

const CONTEXT = 3
const SHOWN_LINES = 400

/** One hunk with three lines around it; empty when nothing differs. */
export function unifiedDiff(before: string, after: string, name: string): string {
  const [a, b] = [linesOf(before), linesOf(after)]
  const { head, tail } = common(a, b)
  if (head === a.length && head === b.length) return ''
  const start = Math.max(0, head - CONTEXT)
  const trailing = Math.min(CONTEXT, tail)
  const range = (lines: string[]) => {
    const count = lines.length - tail + trailing - start
    return `${count === 0 ? start : start + 1},${count}`
  }
  return [
    `--- ${name}`,
    `+++ ${name}`,
    `@@ -${range(a)} +${range(b)} @@`,
    ...a.slice(start, head).map(line => ` ${line}`),
    ...a.slice(head, a.length - tail).map(line => `-${line}`),
    ...b.slice(head, b.length - tail).map(line => `+${line}`),
    ...a.slice(a.length - tail, a.length - tail + trailing).map(line => ` ${line}`),
  ].join('\n')
}

/** Both texts, whole when short; else the same far lines left out of both, and how many. */
export function excerpts(before: string, after: string): [before: string, after: string] {
  const [a, b] = [linesOf(before), linesOf(after)]
  if (Math.max(a.length, b.length) <= SHOWN_LINES && before.length + after.length < 200_000) return [before, after]
  const { head, tail } = common(a, b)
  const from = Math.max(0, head - 50)
  const rest = Math.max(0, tail - 50)
  const cut = (lines: string[]) =>
    [
      ...(from > 0 ? [`… ${from} lines above …`] : []),
      ...lines.slice(from, lines.length - rest).map(line => (line.length > 2000 ? `${line.slice(0, 2000)}…` : line)),
      ...(rest > 0 ? [`… ${rest} lines below …`] : []),
    ].join('\n')
  return [cut(a), cut(b)]
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function common(a: string[], b: string[]): { head: number; tail: number } {
  const most = Math.min(a.length, b.length)
  let head = 0
  while (head < most && a[head] === b[head]) head++
  let tail = 0
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  return { head, tail }
}
