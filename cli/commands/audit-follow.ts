// `gatehouse audit follow`: new rows of the log as they are written, none left out, also over the end of a hub.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditFilter, AuditRow } from '../../contract/audit.ts'
import type { Command } from '../command.ts'
import type { HubConnection } from '../hub-connection.ts'
import { nextHub } from '../next-hub.ts'
import { oneLine, printableJson, say } from '../print.ts'
import { FILTER_HELP, FILTER_OPTIONS, FILTERS, serverIdIn, toCells, toFilter } from './audit.ts'

const BEFORE = 10
const PAGE = 1000
const CLOSES_MS = 500

export const auditFollow: Command = {
  synopsis: `${FILTERS} [--text WORDS]`,
  help: `${FILTER_HELP}
Begins with the last rows that fit (10, or --limit). With --json each line is one JSON object.`,
  options: { ...FILTER_OPTIONS, text: { type: 'string' } },
  endless: () => true,
  async run(input) {
    const filter = { ...toFilter(input), limit: Number(input.text('limit') ?? BEFORE) }
    let connection = await input.hub()
    let shownTo: number | null = null
    for (;;) {
      let isGone = false
      void connection.closed.then(() => {
        isGone = true
      })
      try {
        for await (const { rows, upTo, names } of rowsOf(connection, filter, shownTo)) {
          for (const row of rows) say(input.json ? printableJson(JSON.stringify(row)) : toLine(row, names))
          shownTo = upTo
        }
      } catch (error) {
        await Promise.race([connection.closed, sleep(CLOSES_MS)])
        if (!isGone) throw error
      }
      connection = await nextHub(input.hubIfAny)
    }
  },
}

function toLine(row: AuditRow, names: ReadonlyMap<string, string>): string {
  return toCells(row, names).filter(Boolean).map(oneLine).join('  ')
}

interface Some {
  rows: AuditRow[]
  upTo: number
  names: ReadonlyMap<string, string>
}

/** Oldest first. That something was written is heard from the hub; what fits is asked for, so that no row is missed. */
async function* rowsOf({ call }: HubConnection, given: AuditFilter, after: number | null): AsyncGenerator<Some> {
  const heard = (await call.audit.tail())[Symbol.asyncIterator]()
  let news = heard.next()
  news.catch(() => {})
  const servers = await call.servers.list()
  const names = new Map(servers.map(server => [server.id as string, server.name]))
  const filter = serverIdIn(given, servers)
  let upTo = after ?? (await call.audit.head()).seq
  if (after === null) yield { rows: (await call.audit.list({ ...filter, before: upTo + 1 })).reverse(), upTo, names }
  for (;;) {
    const newest = (await call.audit.head()).seq
    const rows: AuditRow[] = []
    for (let before = newest + 1; before > upTo + 1; ) {
      const page = await call.audit.list({ ...filter, after: upTo, before, limit: PAGE })
      rows.push(...page)
      before = page.length < PAGE ? 0 : page.at(-1)!.seq
    }
    upTo = newest
    yield { rows: rows.reverse(), upTo, names }
    if ((await news).done) return
    news = heard.next()
    news.catch(() => {})
  }
}
