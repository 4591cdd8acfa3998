// A server at a glance: why it failed, its first tools, the end of its log, and beside them what it costs and who sees it.
import { IconKey } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Server } from '../../../contract/servers.ts'
import { listOf, useSecrets } from '../../hub.ts'
import { bytes, ClientTile, count, duration, Mono, percent, plural, Spark, tokens } from '../../ui/index.ts'
import layout from '../../ui/layout.module.css'
import { useNames } from '../use-names.ts'
import { BundledHelp } from './catalog/try-it.tsx'
import { FoundInTools } from './findings.tsx'
import { LogView } from './log-view.tsx'
import { ToolsTable } from './offers.tsx'
import { Pinned } from './pinned.tsx'
import css from './servers.module.css'
import { TrustSwitch } from './trust-switch.tsx'
import type { LiveListing } from './use-listing.ts'
import { type AskedPins, usePins } from './use-pins.ts'

export function Overview({ server, live, failed }: { server: Server; live: LiveListing; failed: ReactNode }) {
  const asked = usePins(server)
  const [pins] = asked
  return (
    <div className={layout.columns}>
      <div className={`${layout.body} ${css.content}`}>
        {failed}
        {server.bundled && <BundledHelp server={server} />}
        <ToolsTable server={server} live={live} first={9} />
        <FoundInTools name={server.name} found={pins?.found ?? []} />
        <LogView server={server} height={300} />
      </div>
      <aside className={layout.pane} data-stays={true} aria-label="What it uses">
        <div className={layout.paneBody}>
          <Uses server={server} pins={asked} />
        </div>
      </aside>
    </div>
  )
}

function Uses({ server, pins }: { server: Server; pins: AskedPins }) {
  const names = useNames()
  const secrets = listOf(useSecrets()).filter(secret => secret.usedBy.some(user => user.server === server.id))
  const lastHour = server.calls.reduce((sum, n) => sum + n, 0)
  return (
    <>
      <section className={css.paneSection}>
        <h2>Calls, last hour</h2>
        <div className={css.pair}>
          <Spark
            values={server.calls}
            sentence={`${plural(lastHour, 'call')} in the last hour`}
            width={230}
            height={34}
          />
          <b className="num">{count(lastHour)}</b>
        </div>
        <Pair term="p95" value={server.p95Ms === null ? '–' : duration(server.p95Ms)} />
      </section>
      <section className={css.paneSection}>
        <h2>Resources</h2>
        <Pair term="CPU, whole tree" value={server.usage ? percent(server.usage.cpuPercent) : '–'} />
        <Pair
          term="Memory"
          value={server.usage ? bytes(server.usage.memoryBytes) : server.launch.url ? 'remote' : '–'}
        />
        <Pair term="Processes" value={server.usage ? String(server.usage.processes) : '–'} />
        {server.instance === 'per-client' && (
          <Pair term="One for each client" value={plural(server.instances, 'instance')} />
        )}
        <Pair
          term="In each client’s context"
          value={server.toolTokens === null ? '–' : `about ${tokens(server.toolTokens)} tokens`}
        />
      </section>
      <section className={css.paneSection}>
        <h2>Trust</h2>
        <TrustSwitch server={server} />
      </section>
      <Pinned server={server} asked={pins} />
      {secrets.length > 0 && (
        <section className={css.paneSection}>
          <h2>Uses</h2>
          {secrets.map(secret => (
            <div key={secret.name} className={css.pair}>
              <span>
                <IconKey size={14} stroke={1.7} aria-hidden="true" />
                <Mono>{secret.name}</Mono>
              </span>
              <span>
                {secret.status === 'missing'
                  ? 'not stored'
                  : secret.usedBy.some(u => u.server === server.id && u.granted)
                    ? 'given'
                    : 'not given yet'}
              </span>
            </div>
          ))}
        </section>
      )}
      <section className={css.paneSection}>
        <h2>Seen by</h2>
        {server.seenBy.length === 0 && <div className={css.quiet}>No client has listed it yet.</div>}
        {server.seenBy.map(id => (
          <div key={id} className={css.pair}>
            <span>
              <ClientTile client={id} size={20} />
              {names.client(id)}
            </span>
          </div>
        ))}
      </section>
    </>
  )
}

const Pair = ({ term, value }: { term: string; value: string }) => (
  <div className={css.pair}>
    <span className={css.quiet}>{term}</span>
    <span className="num">{value}</span>
  </div>
)
