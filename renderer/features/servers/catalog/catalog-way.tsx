// The way of adding a server that chooses from the catalog: the list, then the form of one. Also changes one that is there.
import { useNavigate } from '@tanstack/react-router'
import type { Launch } from '../../../../contract/servers.ts'
import { hub, listOf, useCall, useServers } from '../../../hub.ts'
import { Banner, Problem, RowsSkeleton, showDone } from '../../../ui/index.ts'
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
  const server = listOf(useServers()).find(each => each.id === of)
  const add = useCall(hub.servers.add)
  const update = useCall(hub.servers.update)
  const navigate = useNavigate()
  if (chosen === undefined) return <CatalogList onChoose={onChoose} />
  if (catalog.kind === 'loading') return <RowsSkeleton rows={5} height={56} />
  if (catalog.kind === 'failed') return <Problem error={catalog.error} />
  const one = catalog.list.find(each => each.name === chosen)
  if (!one) return <CatalogList onChoose={onChoose} />
  if (server && choicesOf(one, server.launch) === null) {
    const text = 'Its command says more than a form can show. Change it as text: Settings, on its page.'
    return <Banner tone="plain" title={`${server.name} is set up in its own way`} text={text} />
  }
  const save = async (name: string, launch: Launch) => {
    if (server) {
      const saved = await update({ id: server.id, launch })
      if (!saved) return false
      showDone(`Saved. ${saved.name} waits until you have read its new command.`)
      void navigate({ to: '/servers', search: { agree: saved.id } })
      return true
    }
    const added = await add({ name, launch })
    if (!added) return false
    tell(added)
    const first = added.servers[0]
    void navigate({ to: '/servers', search: first?.state === 'waiting' ? { agree: first.id } : {} })
    return true
  }
  return (
    <BundledForm
      key={`${one.name} ${of ?? ''}`}
      one={one}
      server={server}
      onSave={save}
      onBack={server ? onDone : () => onChoose(undefined)}
    />
  )
}
