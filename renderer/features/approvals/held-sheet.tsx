// Tools that a server changed or added after it was agreed to: each beside what it was, to be looked at and let through.
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
import { Findings } from '../servers/findings.tsx'
import { heldName, heldWords, isInstructions } from '../servers/held-words.ts'
import { Version } from '../servers/pinned.tsx'
import { usePins } from '../servers/use-pins.ts'
import css from './approvals.module.css'

const WHAT: Record<HeldTool['kind'], (tool: HeldTool) => string> = {
  changed: () => 'changed',
  new: () => 'new',
  renamed: tool => `was called ${tool.renamedFrom}`,
}
const SHOWN = 20

/** Instructions are read without the frame that only we put around them. */
const wordsOf = (tool: HeldTool, text: string): string =>
  isInstructions(tool) ? (JSON.parse(text) as { description: string }).description : text

const naming = (tool: HeldTool): string => (isInstructions(tool) ? 'its instructions' : tool.name)

export function HeldSheet({ server }: { server: Server }) {
  const [pins, setPins] = usePins(server)
  const accept = useCall(hub.servers.acceptTools)
  const [shown, setShown] = useState(SHOWN)
  if (!pins) return <RowsSkeleton rows={3} height={90} />
  const { held, heldCount, removed, package: ran } = pins
  const gone = removed.filter(name => !held.some(tool => tool.renamedFrom === name))
  const it = heldCount === 1 && !server.silent ? 'it' : 'them'
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
    const [one] = tools
    showDone(tools.length === 1 ? `Clients see ${naming(one!)} again.` : `Clients see all ${tools.length} again.`)
  }
  return (
    <div className={css.sheet}>
      <header className={css.head}>
        <ServerTile server={server} size={32} />
        <div className={css.headWords}>
          <h2 className={css.sheetTitle}>
            {server.name} offers {heldWords(server)} you have not seen
          </h2>
          <p className={css.sheetFact}>
            {server.held === 1 && server.silent
              ? 'No client is told them until you have looked.'
              : `No client sees ${it} and no call reaches ${it} until you have looked.`}{' '}
            As long as you do nothing, it stays so.
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
      {gone.length > 0 && (
        <p className={css.sheetFact}>
          It no longer offers {gone.length > 12 ? `${plural(gone.length, 'tool')}, among them ` : ''}
          <Foreign text={gone.slice(0, 12).join(', ')} max={600} />.
        </p>
      )}
      {held.slice(0, shown).map(tool => (
        <section key={tool.name} className={css.held} aria-label={tool.name}>
          <h3 className={css.heldName}>
            {isInstructions(tool) ? (
              <span>{heldName(tool)}</span>
            ) : (
              <Mono>
                <Foreign text={tool.name} max={120} />
              </Mono>
            )}
            <span>
              <Foreign text={WHAT[tool.kind](tool)} max={120} />
            </span>
          </h3>
          {tool.findings.length > 0 && <Findings findings={tool.findings} />}
          {tool.before === null ? (
            <JsonView text={wordsOf(tool, tool.after)} raw={isInstructions(tool)} />
          ) : (
            <Diff before={wordsOf(tool, tool.before)} after={wordsOf(tool, tool.after)} maxHeight={320} />
          )}
          {tool.before === tool.after && (
            <p className={css.sheetFact}>
              It differs only in how a number is written, or where it looks like a secret.
            </p>
          )}
          <div className={css.solo}>
            <ArmedButton content={tool.hash} onPress={() => void letThrough([tool], heldCount === 1)}>
              {isInstructions(tool) ? 'Let them through' : 'Let it through'}
            </ArmedButton>
          </div>
        </section>
      ))}
      {held.length > shown && (
        <button type="button" className={css.link} onClick={() => setShown(shown + SHOWN)}>
          Show {Math.min(SHOWN, held.length - shown)} more of {heldCount}
        </button>
      )}
      {held.length > 1 && held.length <= shown && (
        <div className={css.solo}>
          <ArmedButton
            content={held.map(tool => tool.hash).join()}
            onPress={() => void letThrough(held, held.length === heldCount)}
          >
            {held.length === heldCount
              ? `Let all ${held.length} through`
              : `Let these ${held.length} of ${heldCount} through`}
          </ArmedButton>
        </div>
      )}
    </div>
  )
}
