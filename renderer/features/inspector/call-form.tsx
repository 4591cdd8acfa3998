// What is sent: a form and JSON on one value, and the button that runs it through the gate.
import { Button, SegmentedControl } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconPlayerPlayFilled, IconPlayerStop } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { hub, problemFrom, usePolicy } from '../../hub.ts'
import { dialogIsOpen, Foreign, JsonEditor, mod, RiskMark, Said, SchemaForm } from '../../ui/index.ts'
import { freshText, losesDigits, readArguments } from './arguments.ts'
import css from './inspector.module.css'
import type { AnyOffer, ToolOffer } from './offers.ts'
import { PlainFields } from './plain-fields.tsx'
import { send } from './send.ts'
import { begin, draftOf, end, keepDraft, type Made } from './session.ts'

type Mode = 'form' | 'json' | 'both'
const MODES = ['form', 'json', 'both'] as const

interface Props {
  offer: AnyOffer
  /** Arguments from the address: a replay. */
  given: string | undefined
  running: Made | null
  onBegan: (id: number) => void
}

export function CallForm({ offer, given, running, onBegan }: Props) {
  const [text, setText] = useState(
    () => given ?? draftOf(offer) ?? (offer.kind === 'tools' ? freshText(offer.input) : '{}'),
  )
  const [saved, setMode] = useLocalStorage<Mode>({ key: 'gatehouse/inspector-mode', defaultValue: 'both' })
  const mode = MODES.find(m => m === saved) ?? 'both'
  const abort = useRef<AbortController | null>(null)
  const value = readArguments(text)
  const off = useOff(offer, value.kind === 'unreadable' ? value.what : null)
  const change = (next: string) => {
    setText(next)
    keepDraft(offer, next)
  }
  const run = async () => {
    if (off || running) return
    const ended = new AbortController()
    abort.current = ended
    const one = begin(offer, text)
    onBegan(one.id)
    try {
      end(one.id, { kind: 'outcome', outcome: await send(offer, text, hub, ended.signal) })
    } catch (error) {
      end(one.id, ended.signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', error: problemFrom(error) })
    }
  }
  const cancel = () => {
    abort.current?.abort()
    if (running) end(running.id, { kind: 'cancelled' })
  }
  useRunKeys({ run: () => void run(), cancel, next: () => setMode(MODES[(MODES.indexOf(mode) + 1) % 3]!) })
  const tool = offer.kind === 'tools' ? offer : null
  const form = tool && mode !== 'json'
  const json = !tool || mode !== 'form'
  return (
    <section className={css.call} aria-label="Call">
      <div className={css.callHead}>
        <h2 className={css.callName}>
          <Foreign text={offer.name} max={120} />
        </h2>
        {tool && <RiskMark risk={tool.risk} look="soft" />}
        {tool && (
          <SegmentedControl
            withItemsBorders={false}
            className={css.modes ?? ''}
            aria-label="How to fill in"
            value={mode}
            onChange={next => setMode(MODES.find(m => m === next) ?? 'both')}
            data={MODES.map(m => ({ value: m, label: m === 'json' ? 'JSON' : m[0]!.toUpperCase() + m.slice(1) }))}
          />
        )}
      </div>
      <div className={css.callBody} data-split={form && json ? true : undefined}>
        <div className={css.fields}>
          {offer.words && <Said text={offer.words} by={offer.server} max={320} />}
          {tool && form && <ToolForm tool={tool} text={text} onChange={change} onSubmit={() => void run()} />}
          {offer.kind !== 'tools' && (
            <PlainFields offer={offer} text={text} onChange={change} onSubmit={() => void run()} />
          )}
        </div>
        {tool && json && (
          <div className={css.editor}>
            <JsonEditor
              bare
              label="Arguments as JSON"
              value={text}
              onChange={change}
              onSubmit={() => void run()}
              maxHeight="100%"
            />
          </div>
        )}
      </div>
      <footer className={css.run}>
        <p className={css.as}>{off ?? <As offer={offer} />}</p>
        {tool && (
          <Button variant="subtle" onClick={() => change(freshText(tool.input))}>
            Reset
          </Button>
        )}
        {running ? (
          <Button leftSection={<IconPlayerStop size={14} />} onClick={cancel}>
            Cancel
          </Button>
        ) : (
          <Button
            variant="filled"
            leftSection={<IconPlayerPlayFilled size={13} />}
            rightSection={<span className={css.runKey}>{mod === '⌘' ? '⌘↵' : 'Ctrl ↵'}</span>}
            disabled={off !== null}
            onClick={() => void run()}
          >
            {offer.kind === 'tools' ? 'Run' : offer.kind === 'resources' ? 'Read' : 'Get'}
          </Button>
        )}
      </footer>
    </section>
  )
}

/** Why it cannot be run now; null when it can. */
function useOff(offer: AnyOffer, unreadable: string | null): string | null {
  const policy = usePolicy()
  if (policy.kind === 'ready' && policy.value.readOnly && offer.kind === 'tools' && offer.risk !== 'reads') {
    return 'Read-only is on: nothing that writes is run.'
  }
  return unreadable === null ? null : 'The JSON is not complete.'
}

function As({ offer }: { offer: AnyOffer }) {
  const effect = offer.kind === 'tools' ? offer.effect : 'allow'
  const words = { allow: 'policy allows this', ask: 'policy asks you', deny: 'policy denies this' }[effect]
  return (
    <>
      As <b>inspector</b>: {words}
    </>
  )
}

function ToolForm(props: { tool: ToolOffer; text: string; onChange: (text: string) => void; onSubmit: () => void }) {
  const value = readArguments(props.text)
  // While the JSON is being typed the form stays as it was: nothing may move under the caret.
  const last = useRef<Record<string, unknown>>({})
  if (value.kind === 'value') last.current = value.value
  if (losesDigits(props.text))
    return <p className={css.quiet}>A number here is too long for a form; it is sent as the JSON says.</p>
  const { properties } = props.tool.input
  if (typeof properties !== 'object' || properties === null || Object.keys(properties).length === 0) {
    return <p className={css.quiet}>It takes no arguments.</p>
  }
  return (
    <SchemaForm
      schema={props.tool.input}
      value={last.current}
      disabled={value.kind === 'unreadable'}
      onChange={next => {
        const text = JSON.stringify(next ?? {}, null, 2)
        if (value.kind === 'value' && text !== JSON.stringify(value.value, null, 2)) props.onChange(text)
      }}
      onSubmit={props.onSubmit}
    />
  )
}

/** Mod+Enter runs, Mod+Shift+. takes back, Mod+J goes from form to JSON to both. */
function useRunKeys(keys: { run: () => void; cancel: () => void; next: () => void }): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.repeat || event.defaultPrevented) return
      if (dialogIsOpen()) return
      if (event.key === 'Enter') latest.current.run()
      else if (event.shiftKey && (event.key === '.' || event.key === ':' || event.key === '>')) latest.current.cancel()
      else if (!event.shiftKey && event.key.toLowerCase() === 'j') latest.current.next()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}
