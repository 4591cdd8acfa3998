// Beside a server: which package ran when it was agreed to, and which one runs now.
import { Button } from '@mantine/core'
import type { PackageRan } from '../../../contract/pins.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { Ago, Foreign } from '../../ui/index.ts'
import css from './servers.module.css'
import type { AskedPins } from './use-pins.ts'

export function Pinned({ server, asked: [pins, setPins] }: { server: Server; asked: AskedPins }) {
  const accept = useCall(hub.servers.acceptTools)
  if (!pins?.pinnedAt) return null
  const { pinned, now, differs } = pins.package
  const fine = async () => {
    const after = await accept({ id: server.id, tools: [], package: true })
    if (after) setPins(after)
  }
  return (
    <section className={css.paneSection}>
      <h2>Pinned</h2>
      <div className={css.pair}>
        <span className={css.quiet}>Its tools</span>
        <span>
          <Ago at={pins.pinnedAt} />
        </span>
      </div>
      {pinned && (
        <div className={css.pair}>
          <span className={css.quiet}>{differs ? 'Was' : 'Package'}</span>
          <Version of={pinned} />
        </div>
      )}
      {differs && now && (
        <>
          <div className={css.pair}>
            <span className={css.quiet}>Runs now</span>
            <span className={css.amber}>
              <Version of={now} />
            </span>
          </div>
          {pinned?.version === now.version && (
            <p className={css.hint}>The version is the same and the program is not: its files were changed.</p>
          )}
          <Button size="xs" mt={6} onClick={() => void fine()}>
            This version is fine
          </Button>
        </>
      )}
    </section>
  )
}

export const Version = ({ of: { name, version, integrity } }: { of: PackageRan }) => (
  <span style={{ overflowWrap: 'anywhere' }}>
    <Foreign text={version ? `${name} ${version}` : `${name} ${integrity?.slice(0, 18) ?? ''}`} max={160} />
  </span>
)
