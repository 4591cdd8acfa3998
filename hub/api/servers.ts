// Answers for servers: what is configured, started, stopped, agreed to and logged.
import type { LogLine } from '../../contract/servers.ts'
import { digestOf } from '../registry/digest.ts'
import { shownCommand } from '../supervisor/launch.ts'
import { type GuardedContract, nameOf } from './caller.ts'
import { loosen } from './loosen.ts'
import type { Parts } from './router.ts'
import { viewServer } from './server-view.ts'
import { Batches, ended } from './stream.ts'

export function answerServers(api: GuardedContract, parts: Parts) {
  const { audit, gateway, pins, registry, supervisor, windows } = parts
  const view = (id: string) => viewServer(registry.find(id), parts)
  const idOf = (idOrName: string) => registry.find(idOrName).id

  return api.servers.router({
    list: api.servers.list.handler(() => registry.list().map(definition => viewServer(definition, parts))),
    get: api.servers.get.handler(({ input }) => view(input.id)),
    add: api.servers.add.handler(async ({ input, context }) => {
      const definition = await registry.add(input.name, input.launch)
      await record(
        'server/added',
        definition.id,
        context.caller,
        `${definition.name}: ${shownCommand(definition.launch)}`,
      )
      if (input.pin !== undefined && (await windows.pin.isRight(input.pin, nameOf(context.caller)))) {
        await record('server/agreed', definition.id, context.caller, `with the PIN · digest ${definition.digest}`)
        // What was typed is agreed to, not what stands in the file by now.
        registry.agree(definition.id, { digest: digestOf(input.launch), secrets: [], trust: false })
      }
      return { servers: [added(definition.id)], dropped: [] }
    }),
    import: api.servers.import.handler(async ({ input, context }) => {
      const { definitions, dropped } = await registry.import(input.text)
      for (const one of definitions)
        await record('server/added', one.id, context.caller, `${one.name}: ${shownCommand(one.launch)}`)
      return { servers: definitions.map(one => added(one.id)), dropped }
    }),
    remove: api.servers.remove.handler(async ({ input, context }) => {
      const { id, name } = registry.find(input.id)
      await supervisor.stop(id)
      await registry.remove(id)
      await record('server/removed', id, context.caller, name)
      return { removed: name }
    }),
    start: api.servers.start.handler(({ input }) => supervisor.start(idOf(input.id))),
    stop: api.servers.stop.handler(({ input }) => supervisor.stop(idOf(input.id))),
    restart: api.servers.restart.handler(({ input }) => supervisor.restart(idOf(input.id))),
    listing: api.servers.listing.handler(({ input }) => gateway.listing(idOf(input.id))),
    tools: api.servers.tools.handler(({ input }) =>
      gateway.tools(input.server === undefined ? undefined : idOf(input.server)),
    ),
    logs: api.servers.logs.handler(({ input, context, signal }) => {
      const id = idOf(input.id)
      return followLogs(id, input.last, input.follow, ended(context.gone, signal))
    }),
    agree: api.servers.agree.handler(async ({ input, context }) => {
      const { id, launch } = registry.find(input.id)
      registry.expects(id, input.digest)
      // On disk before it is in force: an agreement without its record would be a start without one.
      await record(
        'server/agreed',
        id,
        context.caller,
        `${shownCommand(launch)} · digest ${input.digest}${input.secrets.length ? ` · secrets ${input.secrets.join(', ')}` : ''}${input.trust ? ' · trusted' : ''}`,
      )
      registry.agree(id, { digest: input.digest, secrets: input.secrets, trust: input.trust })
      if (input.trust) await registry.update(id, { trust: true })
      return supervisor.start(id)
    }),
    pins: api.servers.pins.handler(({ input }) => pins.pins(idOf(input.id))),
    acceptTools: api.servers.acceptTools.handler(async ({ input, context }) => {
      const id = idOf(input.id)
      pins.expects(id, input.tools)
      const names = input.tools.map(tool => `${tool.name} ${tool.hash.slice(0, 12)}`)
      if (input.package) names.push('the package')
      await record('tools/accepted', id, context.caller, names.join(', '))
      pins.accept(id, input.tools, input.package)
      return pins.pins(id)
    }),
    setTrust: api.servers.setTrust.handler(({ input, context }) =>
      loosen(parts, context.caller, { kind: 'trust', server: idOf(input.id), on: input.trust }),
    ),
    setEnabled: api.servers.setEnabled.handler(({ input, context }) =>
      loosen(parts, context.caller, { kind: 'enabled', server: idOf(input.id), on: input.enabled }),
    ),
    update: api.servers.update.handler(async ({ input, context }) => {
      const { launch, startup, instance, name } = input
      const id = idOf(input.id)
      const changes = {
        ...(launch ? { launch } : {}),
        ...(startup ? { startup } : {}),
        ...(instance ? { instance } : {}),
        ...(name ? { name } : {}),
      }
      await registry.update(id, changes)
      await record('server/edited', id, context.caller, Object.keys(changes).join(', '))
      return view(id)
    }),
  })

  function added(id: string) {
    const { name, launch } = registry.find(id)
    return { id, name, commandLine: shownCommand(launch), state: supervisor.state(id).kind }
  }

  async function record(what: string, server: string, caller: Parameters<typeof nameOf>[0], detail: string) {
    await audit.append({ kind: 'server', what, server, by: nameOf(caller), detail }, { durable: true })
  }

  async function* followLogs(
    id: string,
    last: number,
    follow: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<LogLine[], void> {
    const lines = new Batches<LogLine>(5_000)
    const unsubscribe = supervisor.followLogs(id, line => lines.push(line))
    try {
      yield supervisor.logs(id, last)
      if (follow) yield* lines.read(signal)
    } finally {
      unsubscribe()
    }
  }
}
