// Tightening works at once from anywhere; loosening only from a window. From elsewhere it becomes a proposal.
import { z } from 'zod'
import { type AuditEvent, Retention } from '../../contract/audit.ts'
import { PolicyChange } from '../../contract/policy.ts'
import { inWords as inWordsOf } from '../audit/keeping.ts'
import { inOneLine } from '../policy/state-words.ts'
import { Hidden } from '../profiles/profile.ts'
import { type Caller, nameOf } from './caller.ts'
import type { Parts } from './router.ts'

/** A change that may loosen; kept as JSON in a proposal until a person accepts it. */
export const Change = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('policy'), change: PolicyChange }),
  z.object({ kind: z.literal('trust'), server: z.string(), on: z.boolean() }),
  z.object({ kind: z.literal('enabled'), server: z.string(), on: z.boolean() }),
  z.object({ kind: z.literal('metrics'), on: z.boolean(), port: z.number() }),
  z.object({
    kind: z.literal('erase'),
    rows: z.array(z.object({ from: z.number(), to: z.number() })),
    why: z.string(),
  }),
  z.object({ kind: z.literal('retention'), to: Retention }),
  z.object({ kind: z.literal('profile'), client: z.string(), hide: z.array(Hidden), show: z.array(Hidden) }),
])
export type Change = z.infer<typeof Change>

type Needs = Pick<
  Parts,
  | 'registry'
  | 'policy'
  | 'proposals'
  | 'audit'
  | 'supervisor'
  | 'approvals'
  | 'metrics'
  | 'keeping'
  | 'clients'
  | 'profiles'
>

/** Applies the change, or keeps it for a person. Records which of the two it was. */
export async function loosen(
  parts: Needs,
  caller: Caller,
  given: unknown,
): Promise<{ applied: boolean; proposal: string | null }> {
  const change = Change.parse(given)
  const { what, before, after } = inWords(parts, change)
  const tightens = tightensOf(parts, change)
  const detail = `${what}: ${inOneLine({ before, after })}`
  if (caller.role !== 'window' && !tightens) {
    const proposal = parts.proposals.propose({ from: nameOf(caller), what, before, after, apply: change })
    await parts.audit.append({ kind: 'policy', what: 'proposal/made', by: nameOf(caller), detail }, { durable: true })
    return { applied: false, proposal: proposal.id }
  }
  const row = { kind: 'policy', what: 'policy/changed', by: nameOf(caller), detail } as const
  if (!tightens) await parts.audit.append(row, { durable: true })
  await apply(parts, caller, change)
  if (tightens) await recordWhenItCan(parts, row)
  return { applied: true, proposal: null }
}

/** A disk that takes no record must not keep anybody from tightening: that is in force first, and the log takes this when it can. */
export async function recordWhenItCan({ audit }: Pick<Parts, 'audit'>, row: AuditEvent): Promise<void> {
  await audit.append(row, { durable: true }).catch(() => audit.append(row, { durable: false }))
}

function tightensOf(parts: Needs, change: Change): boolean {
  switch (change.kind) {
    case 'policy':
      return parts.policy.tightens(change.change)
    case 'erase':
      return false
    case 'retention':
      return !parts.keeping.keepsLess(change.to)
    // Seeing is not yet being allowed, but what is hidden cannot be called at all.
    case 'profile':
      return change.show.length === 0
    default:
      return !change.on
  }
}

async function apply(parts: Needs, caller: Caller, change: Change): Promise<void> {
  switch (change.kind) {
    case 'erase':
      return parts.audit.erase(change.rows, nameOf(caller), change.why)
    case 'retention':
      return parts.keeping.set(change.to)
    case 'policy':
      parts.policy.change(change.change, caller.role, nameOf(caller))
      if (change.change.kind === 'read-only' && change.change.on)
        parts.approvals.withdrawAll('Gatehouse was switched to read-only.')
      return
    case 'trust':
      parts.registry.acceptTrust(change.server, change.on)
      await parts.registry.update(change.server, { trust: change.on })
      return
    case 'enabled':
      await parts.registry.update(change.server, { enabled: change.on }).catch(error => {
        // Off holds also where config.json cannot be written.
        if (change.on || parts.registry.find(change.server).enabled) throw error
      })
      if (!change.on) await parts.supervisor.stop(change.server)
      return
    case 'metrics':
      await parts.metrics.set(change.on, change.port)
      return
    case 'profile':
      parts.profiles.change(change.client, change.hide, change.show)
  }
}

function inWords(parts: Needs, change: Change): { what: string; before: string | null; after: string } {
  switch (change.kind) {
    case 'erase': {
      const rows = change.rows.map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`)).join(', ')
      return { what: `Erase what the log holds in rows ${rows}`, before: null, after: change.why }
    }
    case 'retention':
      return { what: 'Keep records for', before: inWordsOf(parts.keeping.get()), after: inWordsOf(change.to) }
    case 'policy':
      return { what: 'Change the policy', ...parts.policy.inWords(change.change) }
    case 'profile': {
      const { hide, show } = change
      const words = [inNames(parts, 'hide', hide), inNames(parts, 'show', show)].filter(Boolean).join('; ')
      return { what: `Change what ${parts.clients.title(change.client)} is shown`, before: null, after: words }
    }
    case 'trust':
      return { what: `Trust ${nameOfServer(parts, change)}'s own marks`, before: null, after: change.on ? 'yes' : 'no' }
    case 'enabled':
      return { what: `Let ${nameOfServer(parts, change)} run`, before: null, after: change.on ? 'yes' : 'no' }
    case 'metrics': {
      const words = ({ on, port }: { on: boolean; port: number }) =>
        on ? `yes, on port ${port} of this machine` : 'no'
      return { what: 'Give numbers to Prometheus', before: words(parts.metrics.status()), after: words(change) }
    }
  }
}

const MOST_NAMED = 20

function inNames({ registry }: Needs, verb: string, all: readonly Hidden[]): string {
  if (all.length === 0) return ''
  const nameOf = (id: string) => registry.list().find(one => one.id === id)?.name ?? id
  const names = all
    .slice(0, MOST_NAMED)
    .map(({ server, tool }) => (tool ? `${nameOf(server)}/${tool}` : nameOf(server)))
  const more = all.length > MOST_NAMED ? ` and ${all.length - MOST_NAMED} more` : ''
  return `${verb} ${names.join(', ')}${more}`
}

function nameOfServer(parts: Needs, change: { server: string }): string {
  return parts.registry.find(change.server).name
}
