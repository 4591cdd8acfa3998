// `gatehouse policy …`: the rules in force, and why a call would be allowed, asked about or denied.
import type { Rule } from '../../contract/policy.ts'
import type { Command } from '../command.ts'
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
    return 0
  },
}

function conditions(rule: Rule): string {
  const parts = (rule.arguments ?? []).map(({ path, ...test }) => `${path} ${JSON.stringify(test)}`)
  if (rule.until !== undefined) parts.push(`until ${new Date(rule.until).toISOString()}`)
  return parts.join(', ')
}

export const policyExplain: Command = {
  synopsis: 'SERVER TOOL [--args JSON] [--client ID]',
  help: `  --args JSON   its arguments, an object ({})
  --client ID   the client that makes it (an unknown one)`,
  options: { args: { type: 'string' }, client: { type: 'string' } },
  args: [2, 2],
  async run({ args: [server = '', tool = ''], json, text, hub }) {
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
