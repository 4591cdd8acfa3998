// Structured content as a table, sorted by a press on a column.
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useState } from 'react'
import { count, Foreign } from '../../ui/index.ts'
import css from './inspector.module.css'
import type { tableOf } from './result.ts'

const MOST = 500

export function ResultTable({ table }: { table: NonNullable<ReturnType<typeof tableOf>> }) {
  const [sort, setSort] = useState<{ column: string; down: boolean } | null>(null)
  const rows = sort
    ? table.rows.toSorted((a, b) => compare(a[sort.column], b[sort.column]) * (sort.down ? -1 : 1))
    : table.rows
  const numeric = new Set(
    table.columns.filter(c => table.rows.every(r => r[c] === undefined || typeof r[c] === 'number')),
  )
  return (
    <>
      <div className={css.tableWrap}>
        <table className={css.table}>
          <thead>
            <tr>
              {table.columns.map(column => (
                <th
                  key={column}
                  data-number={numeric.has(column)}
                  aria-sort={sort?.column === column ? (sort.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button
                    type="button"
                    onClick={() => setSort({ column, down: sort?.column === column && !sort.down })}
                  >
                    <Foreign text={column} max={40} />
                    {sort?.column === column && (sort.down ? <IconArrowDown size={12} /> : <IconArrowUp size={12} />)}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a result have no name of their own
              <tr key={at}>
                {table.columns.map(column => (
                  <td key={column} data-number={numeric.has(column)}>
                    <Foreign text={cell(row[column])} max={120} mono />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.quiet}>
        {count(table.rows.length)} {table.rows.length === 1 ? 'row' : 'rows'} from{' '}
        <code>
          structuredContent
          {table.path && '.'}
          <Foreign text={table.path} max={60} />
        </code>
        {table.rows.length > MOST && `, the first ${MOST} shown`}
      </p>
    </>
  )
}

const cell = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return cell(a).localeCompare(cell(b), 'en', { numeric: true })
}
