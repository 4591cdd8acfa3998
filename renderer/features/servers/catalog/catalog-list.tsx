// The servers that come with Gatehouse: what each does, what it needs, and which are set up. None runs before it is chosen.
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type BundledServer, bundledOf, missingIn } from '../../../../contract/catalog.ts'
import type { Server } from '../../../../contract/servers.ts'
import { listOf, useServers } from '../../../hub.ts'
import { Mono, Problem, RowsSkeleton, ServerTile } from '../../../ui/index.ts'
import css from './catalog.module.css'
import { useCatalog } from './use-catalog.ts'

export function CatalogList({ onChoose }: { onChoose: (name: string) => void }) {
  const catalog = useCatalog()
  const servers = listOf(useServers())
  if (catalog.kind === 'loading') return <RowsSkeleton rows={10} height={56} />
  if (catalog.kind === 'failed') return <Problem error={catalog.error} />
  return (
    <ul className={css.list} aria-label="Servers that come with Gatehouse">
      {catalog.list.map(one => (
        <Entry
          key={one.name}
          one={one}
          added={servers.filter(server => bundledOf(server.launch.command) === one.name)}
          onChoose={() => onChoose(one.name)}
        />
      ))}
    </ul>
  )
}

function Entry({ one, added, onChoose }: { one: BundledServer; added: Server[]; onChoose: () => void }) {
  return (
    <li className={css.entry}>
      <ServerTile server={{ slug: one.name, bundled: true, launch: LAUNCH }} size={32} />
      <div className={css.main}>
        <div className={css.title}>{one.title}</div>
        <div className={css.does}>{one.does}</div>
        <div className={css.needs}>
          <Needs one={one} />
          {added.map(server => (
            <Added key={server.id} server={server} missing={missingIn(one, server.launch.env)} />
          ))}
        </div>
      </div>
      <Button size="xs" onClick={onChoose} aria-label={`Set up ${one.title}`}>
        {added.length > 0 ? 'Another…' : 'Set up…'}
      </Button>
    </li>
  )
}

function Needs({ one: { needs, folders, uses } }: { one: BundledServer }) {
  const all = [...(folders?.needed ? ['a folder'] : []), ...needs]
  if (all.length === 0) return <span>{uses ? `Uses ${uses}` : 'Needs nothing more'}</span>
  return (
    <span>
      Needs{' '}
      {all.map((what, n) => (
        <span key={what}>
          {n > 0 && ', '}
          {needs.includes(what) ? <Mono>{what}</Mono> : what}
        </span>
      ))}
    </span>
  )
}

function Added({ server, missing }: { server: Server; missing: string[] }) {
  return (
    <span>
      Set up as{' '}
      <Link to="/servers/$server" params={{ server: server.name }}>
        {server.name}
      </Link>
      {missing.length > 0 && <span className={css.amber}>, without {missing.join(', ')}</span>}
    </span>
  )
}

const LAUNCH = { args: [], env: {}, headers: {} }
