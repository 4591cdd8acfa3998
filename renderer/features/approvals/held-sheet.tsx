// Tools that a server changed or added after it was agreed to: each beside what it was, to be looked at and let through.
import { IconAlertTriangle } from '@tabler/icons-react'
import { useState } from 'react'
import type { HeldTool } from '../../../contract/pins.ts'
import type { Server } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import {
  ArmedButton,
  Diff,
  Foreign,
  JsonView,
  Mono,
  plural,
  RowsSkeleton,
  ServerTile,
  showDone,
} from '../../ui/index.ts'
import { Version } from '../servers/pinned.tsx'
import { usePins } from '../servers/use-pins.ts'
import css from './approvals.module.css'

const WHAT: Record<HeldTool['kind'], (tool: HeldTool) => string> = {
  changed: () => 'changed',
  new: () => 'new',
  renamed: tool => `was called ${tool.renamedFrom}`,
}
const SHOWN = 20

export function HeldSheet({ server }: { server: Server }) {
  const [pins, setPins] = usePins(server)
  const accept = useCall(hub.servers.acceptTools)
  const [shown, setShown] = useState(SHOWN)
  if (!pins) return <RowsSkeleton rows={3} height={90} />
  const { held, package: ran } = pins
  const letThrough = async (tools: HeldTool[], all: boolean) => {
    const named = tools.map(({ name, hash }) => ({ name, hash }))
    const after = await accept({ id: server.id, tools: named, package: all && ran.differs })
    if (!after) {
      // It changed again meanwhile: what it is now is shown.
      const now = await hub.servers.pins({ id: server.id }).catch(() => null)
      if (now) setPins(now)
      return
    }
    setPins(after)
    showDone(tools.length === 1 ? `Clients see ${tools[0]!.name} again.` : `Clients see ${tools.length} tools again.`)
  }
  return (
    <div className={css.sheet}>
      <header className={css.head}>
        <ServerTile server={server} size={32} />
        <div className={css.headWords}>
          <h2 className={css.sheetTitle}>
            {server.name} offers {plural(held.length, 'tool')} you have not seen
          </h2>
          <p className={css.sheetFact}>
            No client sees {held.length === 1 ? 'it' : 'them'} and no call reaches {held.length === 1 ? 'it' : 'them'}{' '}
            until you have looked. As long as you do nothing, it stays so.
          </p>
        </div>
      </header>
      {ran.differs && ran.pinned && ran.now && (
        <dl className={css.change}>
          <dt>Package then</dt>
          <dd>
            <Version of={ran.pinned} />
          </dd>
          <dt>Now</dt>
          <dd>
            <Version of={ran.now} />
          </dd>
        </dl>
      )}
      {held.slice(0, shown).map(tool => (
        <section key={tool.name} className={css.held} aria-label={tool.name}>
          <h3 className={css.heldName}>
            <Mono>
              <Foreign text={tool.name} max={120} />
            </Mono>
            <span>
              <Foreign text={WHAT[tool.kind](tool)} max={120} />
            </span>
          </h3>
          {tool.findings.length > 0 && (
            <ul className={css.findings}>
              {tool.findings.slice(0, 8).map(finding => (
                <li key={`${finding.field} ${finding.start} ${finding.what}`}>
                  <IconAlertTriangle size={14} stroke={1.7} aria-hidden />
                  <span>
                    <Foreign text={finding.what} max={300} /> <small>in {finding.field}</small>
                  </span>
                </li>
              ))}
            </ul>
          )}
          {tool.before === null ? (
            <JsonView text={tool.after} />
          ) : (
            <Diff before={tool.before} after={tool.after} maxHeight={320} />
          )}
          {tool.before === tool.after && (
            <p className={css.sheetFact}>
              It differs only in how a number is written, or where it looks like a secret.
            </p>
          )}
          <div className={css.solo}>
            <ArmedButton content={tool.hash} onPress={() => void letThrough([tool], held.length === 1)}>
              Let it through
            </ArmedButton>
          </div>
        </section>
      ))}
      {held.length > shown && (
        <button type="button" className={css.link} onClick={() => setShown(shown + SHOWN)}>
          Show {Math.min(SHOWN, held.length - shown)} more of {held.length}
        </button>
      )}
      {held.length > 1 && held.length <= shown && (
        <div className={css.solo}>
          <ArmedButton content={held.map(tool => tool.hash).join()} onPress={() => void letThrough(held, true)}>
            Let all {held.length} through
          </ArmedButton>
        </div>
      )}
    </div>
  )
}
