// `gatehouse policy add, remove, preset, …`: what tightens holds at once, everything else waits for a person in the window.
import type { ArgumentCondition, PolicyChange, PolicyEffect, Rule } from '../../contract/policy.ts'
import { Preset } from '../../contract/policy.ts'
import { Effect } from '../../contract/servers.ts'
import { type Command, type Input, UsageError } from '../command.ts'
import { clock, oneLine, say, sayJson } from '../print.ts'

const DRY = { 'dry-run': { type: 'boolean' } } as const
const DRY_HELP = '  --dry-run     change nothing; say what it would have done to last week’s calls'

/** Makes the change, or says what it would do. */
async function make({ json, flag, hub }: Input, change: PolicyChange): Promise<number> {
  const { call } = await hub()
  if (flag('dry-run')) {
    const effect = await call.policy.preview(change)
    if (json) sayJson(effect)
    else sayEffect(effect)
    return 0
  }
  const done = await call.policy.change(change)
  if (json) sayJson(done)
  else
    say(
      done.applied
        ? inForce(done.underWay)
        : 'This loosens the policy, so it waits for you in the window, under Approvals.',
    )
  return 0
}

function inForce(underWay = 0): string {
  if (underWay === 0) return 'In force.'
  return `In force. ${underWay === 1 ? '1 call is' : `${underWay} calls are`} already under way and not called back.`
}

function sayEffect(effect: PolicyEffect): void {
  const of = `Of ${effect.calls} calls since ${new Date(effect.since).toISOString().slice(0, 10)}`
  say(
    `${of}, ${effect.denied} would be denied, ${effect.asked} asked about, ${effect.allowed} let through without asking.`,
  )
  if (effect.isCut) say('There were more; only the newest were looked at.')
  if (effect.unsure > 0) say(`The log does not hold the arguments of ${effect.unsure} of them whole.`)
  for (const { time, client, server, tool, before, after } of effect.examples)
    say(`- ${clock(time)} ${oneLine(client)}: ${oneLine(tool)} on ${oneLine(server)}, ${before} → ${after}`)
}

export const policyAdd: Command = {
  synopsis: 'allow|ask|deny [--client ID] [--server NAME] [--tool GLOB] [--where PATH=VALUE]… [--hours N] [--dry-run]',
  help: `  --client ID   only this client (globs: * and ?)
  --server NAME only this server
  --tool GLOB   the server's own name of the tool (globs: * and ?)
  --where P=V   only where the argument at this dotted path fits V (globs); may be repeated
  --hours N     only for so long
  --note TEXT   why
${DRY_HELP}`,
  options: {
    ...DRY,
    client: { type: 'string' },
    server: { type: 'string' },
    tool: { type: 'string' },
    where: { type: 'string', multiple: true },
    hours: { type: 'string' },
    note: { type: 'string' },
  },
  args: [1, 1],
  async run(input) {
    const { args, text, texts, hub } = input
    const effect = oneOf(Effect.options, args[0], 'A rule answers')
    const conditions = texts('where').map(conditionOf)
    const hours = text('hours')
    if (hours !== undefined && !(Number(hours) > 0)) throw new UsageError('--hours is not a number above 0.')
    const name = text('server')
    const [client, tool, note] = [text('client'), text('tool'), text('note')]
    const server = name === undefined ? undefined : (await (await hub()).call.servers.get({ id: name })).id
    const rule: Omit<Rule, 'id'> = {
      effect,
      ...(client === undefined ? {} : { client }),
      ...(server === undefined ? {} : { server }),
      ...(tool === undefined ? {} : { tool }),
      ...(conditions.length > 0 ? { arguments: conditions } : {}),
      ...(hours === undefined ? {} : { until: Date.now() + Number(hours) * 3_600_000 }),
      ...(note === undefined ? {} : { note }),
    }
    return make(input, { kind: 'add-rule', rule })
  },
}

export const policyRemove: Command = {
  synopsis: 'RULE [--dry-run]',
  help: DRY_HELP,
  options: DRY,
  args: [1, 1],
  run: input => make(input, { kind: 'remove-rule', id: input.args[0]! }),
}

export const policyPreset: Command = {
  synopsis: 'careful|balanced|read-only|custom [--dry-run]',
  help: `  careful       asks before anything that is not known to only read
  balanced      lets a trusted server's harmless writes through, too; asks about the rest
  read-only     denies all that is not known to only read
  custom        asks about every tool that no rule of yours names
${DRY_HELP}`,
  options: DRY,
  args: [1, 1],
  run: async input => make(input, { kind: 'preset', preset: oneOf(Preset.options, input.args[0], 'Presets are') }),
}

export const policyReadOnly: Command = {
  synopsis: 'on|off',
  args: [1, 1],
  run: async input => make(input, { kind: 'read-only', on: oneOf(['on', 'off'], input.args[0], 'It is') === 'on' }),
}

export const policyProtect: Command = {
  synopsis: 'SET VALUE [--off] [--dry-run]',
  help: `Calls that carry the value are treated as graver, for example: gatehouse policy protect namespaces payments
  --off         protect it no longer
${DRY_HELP}`,
  options: { ...DRY, off: { type: 'boolean' } },
  args: [2, 2],
  run: input => make(input, { kind: 'protect', set: input.args[0]!, value: input.args[1]!, on: !input.flag('off') }),
}

export const policyFolder: Command = {
  synopsis: 'PATH [--off] [--dry-run]',
  help: `Paths outside the folders you name are asked about. None named: paths raise nothing.
  --off         name it no longer
${DRY_HELP}`,
  options: { ...DRY, off: { type: 'boolean' } },
  args: [1, 1],
  run: input => make(input, { kind: 'folder', path: input.args[0]!, on: !input.flag('off') }),
}

export const policyLimit: Command = {
  synopsis: 'CALLS-PER-MINUTE|none [--client ID] [--server NAME] [--tool GLOB]',
  help: `For each client and tool that it names; the lowest limit that fits counts.
  --client ID   only this client (globs: * and ?)
  --server NAME only this server
  --tool GLOB   only these tools (globs: * and ?)`,
  options: { client: { type: 'string' }, server: { type: 'string' }, tool: { type: 'string' } },
  args: [1, 1],
  async run(input) {
    const { args, text, hub } = input
    const given = args[0] === 'none' ? 1 : Number(args[0])
    if (!Number.isInteger(given) || given < 1) throw new UsageError('How many calls a minute? A whole number, or none.')
    const [client, tool, name] = [text('client'), text('tool'), text('server')]
    const server = name === undefined ? undefined : (await (await hub()).call.servers.get({ id: name })).id
    const limit = {
      perMinute: given,
      ...(client === undefined ? {} : { client }),
      ...(server === undefined ? {} : { server }),
      ...(tool === undefined ? {} : { tool }),
    }
    return make(input, { kind: 'limit', limit, on: args[0] !== 'none' })
  },
}

function conditionOf(given: string): ArgumentCondition {
  const at = given.indexOf('=')
  if (at < 1) throw new UsageError(`--where ${oneLine(given)} is not PATH=VALUE.`)
  const [path, value] = [given.slice(0, at), given.slice(at + 1)]
  if (/^(true|false|null|-?\d+(\.\d+)?)$/.test(value)) return { path, equals: JSON.parse(value) }
  return /[*?]/.test(value) ? { path, glob: value } : { path, equals: value }
}

function oneOf<T extends string>(options: readonly T[], given: string | undefined, what: string): T {
  const found = options.find(option => option === given)
  if (found === undefined) throw new UsageError(`${what} ${options.join(', ')}.`)
  return found
}
