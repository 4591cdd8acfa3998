// What does the work, opened on the ground: servers and their supervision, policy and questions, pins, clients, and the gateway between them.
import type { HubStatus } from '../contract/hub.ts'
import { Clients } from './clients/clients.ts'
import { entryPoint } from './entry-point.ts'
import { Gateway } from './gateway/gateway.ts'
import type { Ground } from './ground.ts'
import { Metrics } from './metrics/metrics.ts'
import type { OpenParts } from './parts.ts'
import { PinBook } from './pins/pin-book.ts'
import { Approvals } from './policy/approvals.ts'
import { PolicyStore } from './policy/policy-store.ts'
import { Proposals } from './policy/proposals.ts'
import { Profiles } from './profiles/profiles.ts'
import { TokenCounts } from './profiles/token-counts.ts'
import { PersonQuestions } from './questions/person-questions.ts'
import { Registry } from './registry/registry.ts'
import { Kv } from './store/kv.ts'
import { loginEnvironment, passedOn } from './supervisor/login-environment.ts'
import { Supervisor } from './supervisor/supervisor.ts'

const STOPPED = { may: 'no', what: 'everything is stopped. Start it again in the window, under Policy.' } as const

export type Engine = Awaited<ReturnType<typeof openEngine>>

export async function openEngine(ground: Ground, parts: OpenParts, status: () => HubStatus) {
  const { announcer, audit, db, folder, mode, sealed, unattended, vault, windows } = ground
  const registry = await Registry.open({
    folder,
    db,
    sealed,
    vault,
    announcer,
    mode,
    ...(unattended ? { trust: unattended.trust } : {}),
    onEdited: edit => void audit.append({ kind: 'server', by: 'config.json', ...edit }, { durable: false }),
  })
  parts.add('the registry', () => registry.close())
  const proposals = new Proposals({
    db,
    sealed,
    announcer,
    onForged: id => {
      const detail = `The proposal ${id} in state.db was not written by this Gatehouse; it does not count.`
      void audit.append({ kind: 'refused', what: 'store/forged', detail }, { durable: false })
    },
  })
  const policy = PolicyStore.open({
    redact: text => vault.redactor.redact(text),
    folder: folder.path,
    sealed,
    announcer,
    proposals,
    unattended: unattended?.rules,
    serverName: id => registry.list().find(one => one.id === id)?.name ?? id,
    onFile: event => void audit.append({ kind: 'policy', by: 'policy.json', ...event }, { durable: false }),
  })
  parts.add('the policy', () => policy.close())
  const approvals = new Approvals({ announcer, policy, redact: text => vault.redactor.redact(text) })
  parts.add('the approvals', () => approvals.close())
  const questions = new PersonQuestions({
    announcer,
    audit,
    redact: text => vault.redactor.redact(text),
    sampling: id => registry.list().find(one => one.id === id)?.sampling ?? 'refuse',
    isAlone: () => mode === 'unattended' && !windows.list(null).some(one => one.open),
  })
  parts.add('the questions', () => questions.close())

  const environment = loginEnvironment(folder.path)
  const pins = new PinBook({
    sealed,
    announcer,
    audit,
    environment: environment.then(passedOn),
    servers: () => registry.list().map(one => one.id),
    find: id => registry.find(id),
    isTrusted: id => registry.isTrusted(id),
    isUnattended: mode === 'unattended',
    listed: id => supervisor.listing(id),
    redact: text => vault.redactor.redact(text),
  })
  parts.add('the pins', () => pins.close())
  const supervisor: Supervisor = await Supervisor.open({
    environment,
    registry: {
      list: () => registry.list(),
      find: id => registry.find(id),
      standing: id => (policy.current().stopped ? STOPPED : registry.standing(id)),
    },
    vault,
    announcer,
    audit,
    folder: folder.path,
    db,
    onListed: (id, listing) => pins.listed(id, listing),
  })
  parts.add('the servers', () => supervisor.close())
  const clients = new Clients({
    folder,
    db,
    key: () => vault.key('backup'),
    audit,
    announcer,
    entry: entryPoint(),
  })
  parts.add('the clients', () => clients.close())
  const metrics = new Metrics({
    folder: folder.path,
    sealed,
    announcer,
    servers: () =>
      registry.list().map(({ id, slug }) => {
        return { id, slug, state: supervisor.state(id), restarts: supervisor.details(id).restarts }
      }),
    approvals: () => approvals.list(),
    status,
    recordLagMs: () => audit.lagMs(),
    lists: (server, tool) => gateway.lists(server, tool),
  })
  parts.add('the metrics', () => metrics.close())
  const profiles = new Profiles({ sealed, kv: new Kv(db), announcer })
  parts.add('the profiles', () => profiles.close())
  const tokens = new TokenCounts(() => announcer.emit('tokens/counted'))
  parts.add('the counting of tokens', () => tokens.close())
  const gateway: Gateway = new Gateway({
    supervisor,
    registry,
    policy,
    approvals,
    questions,
    pins,
    profiles,
    tokensOf: tool => tokens.known(tool),
    audit: metrics.counted(audit),
    announcer,
    redact: text => vault.redactor.redact(text),
    clientTitle: id => clients.title(id),
  })
  parts.add('the gateway', () => gateway.close())
  return {
    approvals,
    clients,
    gateway,
    metrics,
    pins,
    policy,
    profiles,
    proposals,
    questions,
    registry,
    supervisor,
    tokens,
  }
}
