// The way of adding a server that chooses from the catalog: the list, then the form of one. Also changes one that is there.
import { useNavigate } from '@tanstack/react-router'
import { refusedIn } from '../../../../contract/catalog.ts'
import type { Launch } from '../../../../contract/servers.ts'
import { hub, problemFrom, useSecrets, useServers } from '../../../hub.ts'
import { Banner, Problem, RowsSkeleton, showDone } from '../../../ui/index.ts'
import { lastWords } from '../attention.ts'
import { tell } from '../paste-field.tsx'
import { BundledForm } from './bundled-form.tsx'
import { CatalogList } from './catalog-list.tsx'
import { choicesOf } from './choices.ts'
import { useCatalog } from './use-catalog.ts'

interface Props {
  /** Name in the catalog. */
  chosen: string | undefined
  /** Id of the server that is changed. */
  of: string | undefined
  onChoose: (name: string | undefined) => void
  onDone: () => void
}

export function CatalogWay({ chosen, of, onChoose, onDone }: Props) {
  const catalog = useCatalog()
  const servers = useServers()
  const secrets = useSecrets()
  const navigate = useNavigate()
  if (chosen === undefined) return <CatalogList onChoose={onChoose} />
  for (const live of [catalog, servers, secrets]) if (live.kind === 'failed') return <Problem error={live.error} />
  if (catalog.kind !== 'ready' || servers.kind !== 'ready' || secrets.kind !== 'ready')
    return <RowsSkeleton rows={5} height={56} />
  const server = servers.list.find(each => each.id === of)
  const one = catalog.list.find(each => each.name === chosen)
  if (!one) return <CatalogList onChoose={onChoose} />
  if (of !== undefined && !server) return <Banner tone="plain" title="That server is gone" text="It was removed." />
  if (server && choicesOf(one, server.launch) === null) {
    const text = 'Its command says more than a form can show. Change it as text: Settings, on its page.'
    return <Banner tone="plain" title={`${server.name} is set up in its own way`} text={text} />
  }
  const read = (id: string) => void navigate({ to: '/servers', search: { agree: id } })
  const change = async (id: string, launch: Launch) => {
    const { state } = await hub.servers.update({ id, launch })
    // One that still runs is stopped first.
    if (state.kind === 'waiting' || (state.kind === 'stopping' && state.next === 'waiting')) return read(id)
    showDone('Saved')
    onDone()
  }
  const add = async (name: string, launch: Launch) => {
    const added = await hub.servers.add({ name, launch })
    tell(added)
    const first = added.servers[0]
    if (first?.state === 'waiting') return read(first.id)
    void navigate({ to: '/servers', search: {} })
  }
  const save = async (name: string, launch: Launch) => {
    try {
      await (server ? change(server.id, launch) : add(name, launch))
      return null
    } catch (error) {
      return problemFrom(error)
    }
  }
  return (
    <BundledForm
      key={`${one.name} ${of ?? ''}`}
      one={one}
      server={server}
      taken={servers.list.map(each => each.name)}
      stored={secrets.list.filter(secret => secret.status !== 'missing').map(secret => secret.name)}
      refused={server ? refusedIn(one, lastWords(server)) : {}}
      onSave={save}
      onBack={server ? onDone : () => onChoose(undefined)}
    />
  )
}
