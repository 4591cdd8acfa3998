// CSV as rows and back. Cells stay text, with their blanks; what a spreadsheet would run is written as text.
import Papa from 'papaparse'
import { type BadSpot, isRecord, MOST_ERRORS, type Read, spot, toJson } from './values.ts'

export function readCsv(given: string): Read {
  // Lines that end in different ways, as Excel writes them when cells hold line breaks, end in one.
  const text = /\r\n/.test(given) && /(^|[^\r])\n/.test(given) ? given.replaceAll('\r\n', '\n') : given
  const errors: BadSpot[] = []
  const rows: Record<string, string>[] = []
  let header: string[] | undefined
  let from = 0
  const bad = (at: number, message: string) => {
    if (errors.length < MOST_ERRORS) errors.push(spot(text, at, message))
  }
  Papa.parse<string[]>(text, {
    step({ data: cells, errors: found, meta: { cursor } }) {
      const isEmpty = text.slice(from, cursor).trim() === '' && cells.length === 1
      // A text of one column has no delimiter, and is fine.
      for (const { code, message, index } of found) if (code !== 'UndetectableDelimiter') bad(index ?? from, message)
      if (!isEmpty && header) {
        if (cells.length !== header.length) bad(from, `${cells.length} cells, where the header has ${header.length}`)
        rows.push(Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])))
      } else if (!isEmpty) header = distinct(cells)
      from = cursor
    },
  })
  return { value: rows, errors }
}

/** The second `a` is `a_2`. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>(names)
  const next = new Map<string, number>()
  return names.map(name => {
    let n = next.get(name) ?? 1
    let own = name
    while (n > 1 && taken.has(own)) own = `${name}_${n++}`
    next.set(name, Math.max(n, 2))
    taken.add(own)
    return own
  })
}

/** Numbers with a sign are none; `=…`, `@…` and `+SUM(…)` are. */
const FORMULA = /^(?:[=@\t\r]|[+-](?!$|\d*\.?\d+(?:[eE][+-]?\d+)?$))/

export function toCsv(value: unknown): string {
  const rows = Array.isArray(value) ? value : [value]
  const flat = rows.map(row =>
    isRecord(row)
      ? Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, cellOf(cell)]))
      : { value: cellOf(row) },
  )
  const columns = [...new Set(flat.flatMap(row => Object.keys(row)))]
  if (columns.length === 0) return ''
  // An empty line is no row, so the only cell of a row is not left empty.
  const quotes = (cell: unknown) => columns.length === 1 && cell === ''
  return Papa.unparse(flat, { columns, newline: '\n', escapeFormulae: FORMULA, quotes })
}

function cellOf(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  return typeof cell === 'object' ? toJson(cell) : String(cell)
}
