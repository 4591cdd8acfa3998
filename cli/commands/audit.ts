// `gatehouse audit …`: the record of what was done, and whether it is whole.
import { AuditFilter, AuditHead, AuditKind, type AuditRow, Verification } from '../../contract/audit.ts'
import { type Command, CommandError, type Input, UsageError } from '../command.ts'
import { clock, oneLine, say, sayJson, sayTable } from '../print.ts'
import { programJson, programText } from '../run-program.ts'

export const auditList: Command = {
  synopsis:
    '[--kind K]… [--client ID] [--server NAME] [--tool T] [--outcome O] [--text T] [--since TIME] [--before N] [--after N] [--limit N]',
  help: `  --kind K        ${AuditKind.options.join(', ')}; may be repeated
  --since TIME    2026-11-20, 2026-11-20T14:00, or 90m, 2h, 3d ago
  --limit N       how many (200, at most 1000)`,
  options: {
    kind: { type: 'string', multiple: true },
    client: { type: 'string' },
    server: { type: 'string' },
    tool: { type: 'string' },
    outcome: { type: 'string' },
    text: { type: 'string' },
    since: { type: 'string' },
    before: { type: 'string' },
    after: { type: 'string' },
    limit: { type: 'string' },
  },
  async run(input) {
    const filter = toFilter(input)
    const { call } = await input.hub()
    const servers = await call.servers.list()
    // Rows name servers by id, which outlives a rename; people name them by name.
    const named = servers.find(server => server.name === filter.server)
    const rows = await call.audit.list(named ? { ...filter, server: named.id } : filter)
    const names = new Map(servers.map(server => [server.id as string, server.name]))
    if (input.json) sayJson(rows)
    else
      sayTable(
        ['ROW', 'TIME', 'WHAT', 'CLIENT', 'SERVER', 'TOOL', 'BY', 'OUTCOME'],
        rows.map(row => toCells(row, names)),
        'No such rows.',
      )
    return 0
  },
}

function toCells({ seq, time, event }: AuditRow, names: ReadonlyMap<string, string>): string[] {
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

function toFilter({ text, texts }: Input): AuditFilter {
  const given: Record<string, unknown> = {}
  for (const name of ['client', 'server', 'tool', 'outcome', 'text']) given[name] = text(name)
  for (const name of ['before', 'after', 'limit']) if (text(name) !== undefined) given[name] = Number(text(name))
  if (texts('kind').length > 0) given.kinds = texts('kind')
  const since = text('since')
  if (since !== undefined) given.since = toTime(since)
  const filter = AuditFilter.safeParse(given)
  if (filter.success) return filter.data
  const [issue] = filter.error.issues
  throw new UsageError(
    `--${String(issue?.path[0] ?? 'filter').replace('kinds', 'kind')} is wrong: ${issue?.message ?? ''}`,
  )
}

function toTime(text: string): number {
  const ago = /^(\d+)([mhd])$/.exec(text)
  if (ago) return Date.now() - Number(ago[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[ago[2] as 'm' | 'h' | 'd']
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw new UsageError(`--since ${oneLine(text)} is no time.`, 'For example 2026-11-20T14:00, or 2h.')
}

export const auditVerify: Command = {
  synopsis: '',
  async run({ data, json }) {
    const found = Verification.parse(await programJson('audit', ['verify', '--data', data]))
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
  synopsis: '--format jsonl|csv',
  options: { format: { type: 'string' } },
  endless: () => true,
  async run({ data, text }) {
    const format = text('format')
    if (format !== 'jsonl' && format !== 'csv') throw new UsageError('--format is needed: jsonl or csv.')
    await programText('audit', ['export', '--format', format, '--data', data])
    return 0
  },
}
