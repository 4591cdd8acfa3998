// `gatehouse policy …`: the rules in force, and why a call would be allowed, asked about or denied.
import type { Rule } from '../../contract/policy.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import type { HubConnection } from '../hub-connection.ts'
import { oneLine, say, sayJson, sayTable } from '../print.ts'
import { checkObject } from './call.ts'

export const policyList: Command = {
  synopsis: '',
  async run({ json, hub }) {
    const policy = await (await hub()).call.policy.get()
    if (json) {
      sayJson(policy)
      return 0
    }
    say(`Preset: ${policy.preset}. Read-only: ${policy.readOnly ? 'on' : 'off'}.`)
    if (policy.problem) say(oneLine(policy.problem))
    const any = 'any'
    sayTable(
      ['RULE', 'EFFECT', 'CLIENT', 'SERVER', 'TOOL', 'ONLY WHEN'],
      policy.rules.map(rule => [
        rule.id,
        rule.effect,
        rule.client ?? any,
        rule.server ?? any,
        rule.tool ?? any,
        conditions(rule),
      ]),
      'No rules of your own.',
    )
    for (const [set, values] of Object.entries(policy.protected))
      say(`Protected ${oneLine(set)}: ${values.map(oneLine).join(', ')}`)
    say(`Folders: ${policy.folders.map(oneLine).join(', ') || 'none named; paths raise nothing'}`)
    for (const { perMinute, client = any, server = any, tool = any } of policy.limits)
      say(
        `At most ${perMinute} calls a minute: client ${oneLine(client)}, server ${oneLine(server)}, tool ${oneLine(tool)}`,
      )
    return 0
  },
}

function conditions(rule: Rule): string {
  const parts = (rule.arguments ?? []).map(({ path, ...test }) => `${path} ${JSON.stringify(test)}`)
  if (rule.until !== undefined) parts.push(`until ${new Date(rule.until).toISOString()}`)
  return parts.join(', ')
}

export const policyExplain: Command = {
  synopsis: 'SERVER TOOL [--args JSON] [--client ID] | --row SEQ',
  help: `  --args JSON   its arguments, an object ({})
  --client ID   the client that makes it (an unknown one)
  --row SEQ     why a past call went as it did: its row in the log`,
  options: { args: { type: 'string' }, client: { type: 'string' }, row: { type: 'string' } },
  args: [0, 2],
  async run({ args: [server, tool], json, text, hub }) {
    const row = text('row')
    if (row !== undefined) return explainRow(Number(row), json, await hub())
    if (server === undefined || tool === undefined) throw new UsageError('Which call? Name a server and a tool.')
    const given = text('args') ?? '{}'
    checkObject(given)
    const client = text('client')
    const decision = await (await hub()).call.policy.explain({
      server,
      tool,
      arguments: given,
      ...(client ? { client } : {}),
    })
    if (json) {
      sayJson(decision)
      return 0
    }
    say(`${decision.effect} (risk: ${decision.risk})`)
    for (const reason of decision.reasons) say(`- ${oneLine(reason)}`)
    if (decision.rule) say(`Rule ${oneLine(decision.rule.id)}: ${oneLine(decision.rule.text)}`)
    return 0
  },
}

/** As it was decided then: the rule's text of that time, not of now. */
async function explainRow(seq: number, json: boolean, { call }: HubConnection): Promise<number> {
  if (!Number.isInteger(seq) || seq < 1) throw new UsageError('--row is not the number of a row.')
  const [row] = await call.audit.list({ before: seq + 1, after: seq - 1, limit: 1 })
  const event = row?.event
  if (!event?.decision) throw new CommandError(`Row ${seq} records no decision.`, 'See `gatehouse audit` for the rows.')
  if (json) {
    sayJson(row)
    return 0
  }
  const { effect, risk, rule, ruleText, reasons } = event.decision
  say(`${effect} (risk: ${risk}), decided by ${oneLine(event.by ?? 'gatehouse')}`)
  for (const reason of reasons) say(`- ${oneLine(reason)}`)
  if (rule !== null) say(`Rule ${oneLine(rule)} then said: ${oneLine(ruleText ?? '')}`)
  if (event.detail) say(oneLine(event.detail))
  return 0
}
