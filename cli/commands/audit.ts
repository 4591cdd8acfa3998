// `gatehouse audit …`: the record of what was done, and whether it is whole.
import { resolve } from 'node:path'
import { AuditFilter, AuditHead, AuditKind, type AuditRow, Retention, Verification } from '../../contract/audit.ts'
import { type Command, CommandError, type Input, UsageError } from '../command.ts'
import { clock, oneLine, say, sayJson, sayTable } from '../print.ts'
import { programJson, programText } from '../run-program.ts'

export const FILTERS =
  '[--kind K]… [--client ID] [--server NAME] [--tool T] [--decision D] [--outcome O] [--since TIME] [--until TIME] [--min-ms N] [--max-ms N] [--before N] [--after N] [--limit N]'
export const FILTER_HELP = `  --kind K        ${AuditKind.options.join(', ')}; may be repeated
  --decision D    allow, ask or deny
  --since TIME    2026-11-20, 2026-11-20T14:00, or 90m, 2h, 3d ago; --until likewise
  --min-ms N      calls that took at least so long; --max-ms likewise
  --before N      rows before row N: the last row of one page is the beginning of the next
  --limit N       how many (200, at most 1000)`
const TEXTS = ['client', 'server', 'tool', 'decision', 'outcome', 'text'] as const
const NUMBERS = { before: 'before', after: 'after', limit: 'limit', 'min-ms': 'minMs', 'max-ms': 'maxMs' } as const
const single = ['client', 'server', 'tool', 'decision', 'outcome', 'since', 'until', ...Object.keys(NUMBERS)]
export const FILTER_OPTIONS = {
  kind: { type: 'string', multiple: true },
  ...Object.fromEntries(single.map(name => [name, { type: 'string' }] as const)),
} satisfies Command['options']

export const auditList: Command = {
  synopsis: `${FILTERS} [--text WORDS]`,
  help: FILTER_HELP,
  options: { ...FILTER_OPTIONS, text: { type: 'string' } },
  run: input => listed(input, toFilter(input)),
}

export const auditSearch: Command = {
  synopsis: `WORDS… ${FILTERS}`,
  args: [1, 50],
  help: `${FILTER_HELP}
  WORDS           whole words, all of which must be in the row; word* is the beginning of one`,
  options: FILTER_OPTIONS,
  async run(input) {
    const words = input.args.join(' ')
    if (words.trim() === '') throw new UsageError('What should be looked for?', 'gatehouse audit search delete*')
    return listed(input, { ...toFilter(input), text: words })
  },
}

async function listed(input: Input, filter: AuditFilter): Promise<number> {
  const { call } = await input.hub()
  const servers = await call.servers.list()
  const rows = await call.audit.list(serverIdIn(filter, servers))
  const names = new Map(servers.map(server => [server.id as string, server.name]))
  if (input.json) sayJson(rows)
  else sayRows(rows, names)
  return 0
}

/** Rows name servers by id, which outlives a rename; people name them by name. */
export function serverIdIn(filter: AuditFilter, servers: { id: string; name: string }[]): AuditFilter {
  const named = servers.find(server => server.name === filter.server)
  return named ? { ...filter, server: named.id } : filter
}

function sayRows(rows: AuditRow[], names: ReadonlyMap<string, string>): void {
  sayTable(
    ['ROW', 'TIME', 'WHAT', 'CLIENT', 'SERVER', 'TOOL', 'BY', 'OUTCOME'],
    rows.map(row => toCells(row, names)),
    'No such rows.',
  )
}

export const auditShow: Command = {
  synopsis: 'ROW|CORRELATION',
  args: [1, 1],
  help: '  All rows of one call with its decision and times; ROW is a number `audit list` shows.',
  async run(input) {
    const given = input.args[0]
    if (given === undefined) throw new UsageError('Which row? `gatehouse audit list` shows their numbers.')
    const { call } = await input.hub()
    const n = /^\d+$/.test(given) ? Number(given) : null
    const [row] = n === null ? [] : await call.audit.list({ before: n + 1, after: n - 1, limit: 1 })
    if (n !== null && !row) throw new CommandError(`There is no row ${n}.`)
    const correlation = n === null ? given : row?.event?.correlation
    if (correlation === undefined) {
      sayJson(row)
      return 0
    }
    const found = await call.audit.call({ correlation })
    if (input.json) {
      sayJson(found)
      return 0
    }
    const servers = await call.servers.list()
    sayRows(found.rows, new Map(servers.map(server => [server.id as string, server.name])))
    for (const reason of found.decision?.reasons ?? []) say(`  ${oneLine(reason)}`)
    const rule = found.decision?.ruleText
    if (rule) say(`  Rule: ${oneLine(rule)}`)
    if (found.waitedMs !== null) say(`A person was waited for ${found.waitedMs} ms.`)
    say(`${found.outcome ?? 'not ended'}${found.tookMs === null ? '' : ` after ${found.tookMs} ms`}`)
    const text = found.rows.find(one => one.event?.arguments)?.event?.arguments?.text
    if (text) say(oneLine(text))
    return 0
  },
}

export const auditErase: Command = {
  synopsis: 'ROW|FROM-TO… --why TEXT',
  args: [1, 100],
  help: '  Takes the content out of rows for good. A person decides it in the window: this only proposes it.',
  options: { why: { type: 'string' } },
  async run({ args, text, json, hub }) {
    const why = text('why')
    if (args.length === 0 || !why)
      throw new UsageError('Name the rows and say why: `gatehouse audit erase 12 --why …`.')
    const rows = args.map(word => {
      const range = /^(\d+)(?:-(\d+))?$/.exec(word)
      if (!range) throw new UsageError(`${oneLine(word)} is no row.`, 'For example 12, or 12-15.')
      return { from: Number(range[1]), to: Number(range[2] ?? range[1]) }
    })
    const { call } = await hub()
    const answer = await call.audit.erase({ rows, why })
    if (json) sayJson(answer)
    else say(answer.applied ? 'Erased.' : 'Proposed. A person decides it in the Gatehouse window: `gatehouse open`.')
    return 0
  },
}

export const auditRetention: Command = {
  synopsis: '[--days N|forever] [--mb N|unlimited]',
  help: '  Says how long content is kept. Keeping more is done at once; keeping less waits for a person in the window.',
  options: { days: { type: 'string' }, mb: { type: 'string' } },
  async run({ text, json, hub }) {
    const { call } = await hub()
    const now = await call.audit.retention()
    const [days, mb] = [text('days'), text('mb')]
    if (days !== undefined || mb !== undefined) {
      const to = Retention.safeParse({
        days: days === undefined ? now.days : days === 'forever' ? null : Number(days),
        bytes: mb === undefined ? now.bytes : mb === 'unlimited' ? null : Number(mb) * 1024 * 1024,
      })
      if (!to.success) throw new UsageError('--days needs 1 to 36500 or forever, --mb at least 10 or unlimited.')
      const answer = await call.audit.setRetention(to.data)
      if (json) sayJson(answer)
      else say(answer.applied ? 'Done.' : 'Proposed. A person decides it in the Gatehouse window: `gatehouse open`.')
    } else if (json) sayJson(now)
    else {
      const size = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`
      say(
        `Content is kept for ${now.days === null ? 'ever' : `${now.days} days`}, ${now.bytes === null ? 'of any size' : `at most ${size(now.bytes)}`}.`,
      )
      say(
        `The log takes ${size(now.usedBytes)}${now.erasedTo > 0 ? `; content up to row ${now.erasedTo} was erased` : ''}.`,
      )
    }
    return 0
  },
}

export function toCells({ seq, time, event }: AuditRow, names: ReadonlyMap<string, string>): string[] {
  if (!event) return [String(seq), clock(time), '(erased)', '', '', '', '', '']
  const { what, client = '', server = '', tool = '', by = '', outcome = '', detail } = event
  return [
    String(seq),
    clock(time),
    what,
    client,
    names.get(server) ?? server,
    tool,
    by,
    outcome || (detail ?? '').slice(0, 100),
  ]
}

export function toFilter({ text, texts }: Input): AuditFilter {
  const given: Record<string, unknown> = {}
  for (const name of TEXTS) given[name] = text(name)
  for (const [name, member] of Object.entries(NUMBERS)) if (text(name) !== undefined) given[member] = Number(text(name))
  if (texts('kind').length > 0) given.kinds = texts('kind')
  for (const name of ['since', 'until']) {
    const time = text(name)
    if (time !== undefined) given[name] = toTime(name, time)
  }
  const filter = AuditFilter.safeParse(given)
  if (filter.success) return filter.data
  const [issue] = filter.error.issues
  throw new UsageError(
    `--${String(issue?.path[0] ?? 'filter').replace('kinds', 'kind')} is wrong: ${issue?.message ?? ''}`,
  )
}

function toTime(name: string, text: string): number {
  const ago = /^(\d+)([mhd])$/.exec(text)
  if (ago) return Date.now() - Number(ago[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[ago[2] as 'm' | 'h' | 'd']
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw new UsageError(`--${name} ${oneLine(text)} is no time.`, 'For example 2026-11-20T14:00, or 2h.')
}

export const auditVerify: Command = {
  synopsis: '[--file EXPORT] [--head HEAD]',
  help: `  --file EXPORT   an export (bundle or JSONL) instead of this machine's log; needs no hub and no keychain
  --head HEAD     a file with what \`audit head --json\` said once, kept elsewhere: the log must still bear it out`,
  options: { file: { type: 'string' }, head: { type: 'string' } },
  async run({ data, json, text }) {
    const of = ['file', 'head'].flatMap(name => {
      const path = text(name)
      return path === undefined ? [] : [`--${name}`, resolve(path)]
    })
    const found = Verification.parse(await programJson('audit', ['verify', '--data', data, ...of]))
    if (json) sayJson(found)
    else sayVerification(found)
    const [problem] = found.problems
    if (!problem) return 0
    const more = found.problems.length > 1 ? ` (and ${found.problems.length - 1} more)` : ''
    throw new CommandError(
      `The audit log is broken${problem.seq === null ? '' : ` at ${problem.seq}`}: ${problem.kind}. ${oneLine(problem.what)}${more}`,
      'Keep a copy of the data folder before anything else writes to it.',
    )
  },
}

function sayVerification({ rows, intact, anchored, signedUntil, problems, note }: Verification): void {
  if (intact)
    say(
      `Intact: ${rows} rows${anchored ? ', anchored in the keychain' : ''}${signedUntil === null ? '' : `, signed to row ${signedUntil}`}.`,
    )
  for (const problem of problems) say(`${problem.seq ?? '-'}  ${problem.kind}  ${oneLine(problem.what)}`)
  if (note) say(oneLine(note))
}

export const auditHead: Command = {
  synopsis: '',
  async run({ data, json }) {
    const head = AuditHead.parse(await programJson('audit', ['head', '--data', data]))
    if (json) sayJson(head)
    else
      say(
        `Row ${head.seq} of ${new Date(head.time).toISOString()}\nhash ${head.hash}\n${head.signature ? `signature ${oneLine(head.signature)}` : 'not signed'}`,
      )
    return 0
  },
}

export const auditExport: Command = {
  synopsis: '--format jsonl|csv|bundle',
  help: '  bundle: JSONL with the signed head and the public key; `audit verify --file` proves it anywhere. csv: for spreadsheets.',
  options: { format: { type: 'string' } },
  endless: () => true,
  async run({ data, text }) {
    const format = text('format')
    if (format !== 'jsonl' && format !== 'csv' && format !== 'bundle')
      throw new UsageError('--format is needed: jsonl, csv or bundle.')
    await programText('audit', ['export', '--format', format, '--data', data])
    return 0
  },
}
