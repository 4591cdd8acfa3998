// Answers the contract. Each answer asks the part that owns the matter; a missing one does not compile.

import type { AuditFilter } from '../../contract/audit.ts'
import type { WireFrame } from '../../contract/calls.ts'
import type { Announcer } from '../announce.ts'
import type { Audit } from '../audit/audit.ts'
import type { Keeping } from '../audit/keeping.ts'
import type { Clients } from '../clients/clients.ts'
import type { Moved } from '../clients/moved.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Approvals } from '../policy/approvals.ts'
import { alwaysYes, effectOn, useOf } from '../policy/past-calls.ts'
import type { PolicyStore } from '../policy/policy-store.ts'
import type { Proposals } from '../policy/proposals.ts'
import type { Profiles } from '../profiles/profiles.ts'
import type { TokenCounts } from '../profiles/token-counts.ts'
import type { PersonQuestions } from '../questions/person-questions.ts'
import type { Rollback } from '../store/rollback.ts'
import { checkLaunch, readCatalog } from '../supervisor/catalog.ts'
import type { Vault } from '../vault/vault.ts'
import { answerCall } from './approvals.ts'
import { answerAudit } from './audit.ts'
import { guardedContract, nameOf } from './caller.ts'
import { answerClients } from './clients.ts'
import { answerDirect } from './direct.ts'
import { inTurn } from './in-turn.ts'
import { knownNow } from './known-tools.ts'
import { loosen } from './loosen.ts'
import { answerMoves } from './moves.ts'
import { answerProfiles } from './profiles.ts'
import { answerQuestions } from './questions.ts'
import { answerSecrets } from './secrets.ts'
import type { ServerSources } from './server-view.ts'
import { answerServers } from './servers.ts'
import { type Readers, watchSnapshot } from './snapshot.ts'
import { Batches, ended } from './stream.ts'
import type { Windows } from './windows.ts'

/** All the parts that answer. */
export interface Parts extends ServerSources {
  announcer: Announcer
  approvals: Approvals
  audit: Audit
  /** The data folder. */
  folder: { path: string }
  clients: Clients
  keeping: Keeping
  metrics: Metrics
  moved: Moved
  policy: PolicyStore
  profiles: Profiles
  proposals: Proposals
  questions: PersonQuestions
  tokens: TokenCounts
  vault: Vault
  windows: Windows
  readers: Readers
  rollback: Rollback
  /** A fresh pairing link; opens the window's listener first where none is open. */
  newLink: () => Promise<string>
  /** Ends the hub in order, after the answer has gone out. */
  stop: () => void
}

export type HubRouter = ReturnType<typeof buildRouter>

export function buildRouter(parts: Parts) {
  const { announcer, approvals, audit, gateway, metrics, policy, proposals, readers, registry, windows } = parts
  const api = guardedContract(
    audit,
    window => windows.isPaired(window),
    text => parts.vault.redactor.redact(text),
  )
  const askTheLog = inTurn()
  const list = (filter: Partial<AuditFilter>) => audit.list(filter)
  const idOf = (idOrName: string) => registry.find(idOrName).id

  const hub = api.hub.router({
    status: api.hub.status.handler(() => readers.status(null)),
    stop: api.hub.stop.handler(({ context }) => {
      void audit.append({ kind: 'hub', what: 'hub/stop-asked', by: nameOf(context.caller) }, { durable: false })
      parts.stop()
      return { stopping: true as const }
    }),
    settleState: api.hub.settleState.handler(({ input, context }) => {
      parts.rollback.settle(input.choice, nameOf(context.caller))
      return { settled: true as const }
    }),
    watch: api.hub.watch.handler(({ context, signal }) =>
      watchSnapshot(readers, announcer, context.caller.window, ended(context.gone, signal)),
    ),
  })

  const windowsRouter = api.windows.router({
    list: api.windows.list.handler(({ context }) => windows.list(context.caller.window)),
    newLink: api.windows.newLink.handler(async ({ context }) => {
      const url = await parts.newLink()
      await audit.append({ kind: 'window', what: 'window/link-made', by: nameOf(context.caller) }, { durable: true })
      return { url, pinNeeded: windows.pin.state === 'set', validMs: 120_000 }
    }),
    revoke: api.windows.revoke.handler(({ input, context }) => {
      windows.revoke(input.id, nameOf(context.caller))
      return { revoked: input.id }
    }),
    setPin: api.windows.setPin.handler(async ({ input, context }) => {
      await windows.pin.set(input.pin, input.old, nameOf(context.caller))
      return { set: input.pin !== null }
    }),
  })

  const calls = api.calls.router({
    call: api.calls.call.handler(({ input, context, signal }) =>
      gateway.call({ as: actor(context), ...input, server: idOf(input.server), signal: ended(context.gone, signal) }),
    ),
    readResource: api.calls.readResource.handler(({ input, context, signal }) =>
      gateway.readResource({
        as: actor(context),
        ...input,
        server: idOf(input.server),
        signal: ended(context.gone, signal),
      }),
    ),
    getPrompt: api.calls.getPrompt.handler(({ input, context, signal }) =>
      gateway.getPrompt({
        as: actor(context),
        ...input,
        server: idOf(input.server),
        signal: ended(context.gone, signal),
      }),
    ),
    wire: api.calls.wire.handler(({ context, signal }) => tailWire(ended(context.gone, signal))),
  })

  const approvalsRouter = api.approvals.router({
    list: api.approvals.list.handler(() => approvals.list()),
    answer: api.approvals.answer.handler(({ input, context }) =>
      answerCall(parts, input.id, input.answer, nameOf(context.caller)),
    ),
  })

  const policyRouter = api.policy.router({
    get: api.policy.get.handler(() => policy.current()),
    change: api.policy.change.handler(async ({ input, context }) => {
      const stops = (input.kind === 'read-only' || input.kind === 'stop') && input.on
      // As it is in this turn, in which the change is in force too: a moment later their servers may be stopped.
      const underWay = gateway.underWay()
      const done = await loosen(parts, context.caller, { kind: 'policy', change: input })
      return stops ? { ...done, underWay } : done
    }),
    preview: api.policy.preview.handler(({ input, context, signal }) => {
      const gone = ended(context.gone, signal)
      return askTheLog(gone, () =>
        effectOn(list, knownNow(parts), [policy.current(), policy.wouldBe(input)], Date.now(), gone),
      )
    }),
    use: api.policy.use.handler(({ context, signal }) => {
      const gone = ended(context.gone, signal)
      return askTheLog(gone, () => useOf(list, Date.now(), gone))
    }),
    suggestions: api.policy.suggestions.handler(({ context, signal }) => {
      const gone = ended(context.gone, signal)
      return askTheLog(gone, () => alwaysYes(list, knownNow(parts), policy.current(), Date.now(), gone))
    }),
    explain: api.policy.explain.handler(({ input }) =>
      gateway.explain({ ...input, server: idOf(input.server), client: input.client ?? 'unknown' }),
    ),
  })

  const proposalsRouter = api.proposals.router({
    list: api.proposals.list.handler(() => proposals.list()),
    accept: api.proposals.accept.handler(async ({ input, context }) => {
      await proposals.accept(input.id, change => loosen(parts, context.caller, change))
      return { accepted: input.id }
    }),
    refuse: api.proposals.refuse.handler(async ({ input, context }) => {
      proposals.refuse(input.id)
      await audit.append(
        { kind: 'policy', what: 'proposal/refused', by: nameOf(context.caller), detail: input.id },
        { durable: false },
      )
      return { refused: input.id }
    }),
  })

  const metricsRouter = api.metrics.router({
    status: api.metrics.status.handler(() => metrics.status()),
    set: api.metrics.set.handler(({ input, context }) => {
      const now = metrics.status()
      const { on, port = now.port } = input
      if (on === now.on && port === now.port && !now.problem) return { applied: true, proposal: null }
      return loosen(parts, context.caller, { kind: 'metrics', on, port })
    }),
  })

  async function* tailWire(signal: AbortSignal): AsyncGenerator<WireFrame[], void> {
    const frames = new Batches<WireFrame>(2_000)
    const push = (some: WireFrame[]) => frames.push(...some)
    announcer.on('wire/frames', push)
    try {
      yield gateway.wire(500)
      yield* frames.read(signal)
    } finally {
      announcer.off('wire/frames', push)
    }
  }

  return {
    hub,
    windows: windowsRouter,
    servers: answerServers(api, parts),
    calls,
    approvals: approvalsRouter,
    questions: answerQuestions(api, parts),
    catalog: api.catalog.router({
      list: api.catalog.list.handler(() => readCatalog()),
      check: api.catalog.check.handler(({ input }) => checkLaunch(input.launch, parts.folder.path)),
    }),
    policy: policyRouter,
    proposals: proposalsRouter,
    audit: answerAudit(api, parts),
    clients: answerClients(api, parts),
    moves: answerMoves(api, parts),
    direct: answerDirect(api, parts),
    profiles: answerProfiles(api, parts),
    secrets: answerSecrets(api, parts),
    metrics: metricsRouter,
  }
}

function actor(context: { caller: { role: 'cli' | 'window' } }): 'cli' | 'inspector' {
  return context.caller.role === 'cli' ? 'cli' : 'inspector'
}
