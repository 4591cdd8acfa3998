// One question, whole: who wants to run what, with which arguments, why you are asked, and the answer. For pane and dialog.
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'
import type { Answer, Approval, Scope } from '../../../contract/policy.ts'
import { hub, listOf, useCall, useServers } from '../../hub.ts'
import { mayAllow } from '../../ui/arming.ts'
import { Ago } from '../../ui/clock.tsx'
import { Foreign, Said } from '../../ui/foreign.tsx'
import { RiskMark } from '../../ui/risk-mark.tsx'
import { ClientTile, ServerTile } from '../../ui/tile.tsx'
import { type ArmingNow, useArming } from '../../ui/use-arming.ts'
import { AllowButton } from './allow-button.tsx'
import css from './approvals.module.css'
import { Arguments } from './arguments.tsx'
import { Clocks } from './clocks.tsx'
import { Reasons } from './reasons.tsx'
import { narrowingOf, type RuleDraft, UNCHANGED } from './rule-draft.ts'
import { RuleSentence } from './rule-sentence.tsx'
import { TypedField } from './typed-field.tsx'
import { endedElsewhere, ending, SCOPES, scopesOf } from './words.ts'

/** `place`: the pane shows all three clocks; the dialog begins with Deny focused and Esc puts aside. */
export function Decision({ approval, place, titleId, calmUntil = 0, onClose }: DecisionProps) {
  const [scope, setScope] = useState<Scope>('once')
  const [draft, setDraft] = useState<RuleDraft>(UNCHANGED)
  const [word, setWord] = useState('')
  const [typed, setTyped] = useState('')
  const [sent, setSent] = useState(false)
  const deny = useRef<HTMLButtonElement>(null)
  const say = useRef<HTMLInputElement>(null)
  const root = useRef<HTMLElement>(null)
  const waits = approval.state.kind === 'waiting'
  const { state: _, clientUntil: __, ...content } = approval
  const arming = useArming(JSON.stringify([content, scope, draft]), waits && !sent)
  const call = useCall(hub.approvals.answer)
  const answer = async (it: Answer) => {
    if (sent || !waits) return
    setSent(true)
    if (await call({ id: approval.id, answer: it })) onClose?.()
    else setSent(false)
  }
  const onDeny = () => void answer({ kind: 'deny', ...(word.trim() ? { word: word.trim() } : {}) })
  const writes = scope === 'tool' || scope === 'arguments'
  const narrower = writes ? narrowingOf(approval, draft, Date.now()) : undefined
  const isTyped = approval.typed === null || typed === approval.typed
  const onAllow = () =>
    isTyped && void answer({ kind: 'allow', scope, ...(narrower ? { narrower } : {}), ...(typed ? { typed } : {}) })
  const choose = (to: Scope) => {
    setScope(to)
    setDraft(UNCHANGED)
  }
  useEffect(() => {
    if (place === 'dialog') deny.current?.focus()
  }, [place])
  useKeys(root, { approval, arming, say, setScope: choose, onAllow, on: waits && !sent })
  const scopes = scopesOf(approval)
  const askDenied = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.repeat || event.nativeEvent.isComposing) return
    event.preventDefault()
    onDeny()
  }
  return (
    <article className={css.decision} ref={root} data-place={place} data-ended={!waits} aria-labelledby={titleId}>
      <div className={css.scroll}>
        <Head approval={approval} titleId={titleId} />
        <Arguments approval={approval} />
        <Reasons approval={approval} />
        {approval.description && <Said text={approval.description} by={approval.server.name} max={400} />}
      </div>
      {waits && (
        <div className={css.answer}>
          <button
            type="button"
            ref={deny}
            className={css.deny}
            data-safe
            disabled={sent}
            onKeyDown={event => event.key === 'Enter' && event.repeat && event.preventDefault()}
            onClick={event => (event.detail > 0 || event.timeStamp >= calmUntil) && onDeny()}
          >
            Deny
          </button>
          <TextInput
            ref={say}
            className={css.word}
            placeholder="A word to the model, if you deny"
            aria-label="A word to the model, if you deny"
            value={word}
            maxLength={1000}
            disabled={sent}
            onChange={event => setWord(event.currentTarget.value)}
            onKeyDown={askDenied}
          />
          <div className={css.scope}>
            <div className={css.scopeRow}>
              <span className={css.scopeLabel}>If you allow, allow</span>
              {scopes.length > 1 ? (
                <SegmentedControl
                  withItemsBorders={false}
                  aria-label="How far an allow goes"
                  value={scope}
                  disabled={sent}
                  onChange={value => choose(scopes.find(s => s === value) ?? 'once')}
                  data={scopes.map(value => ({ value, label: SCOPES[value].label }))}
                />
              ) : (
                <span>{SCOPES.once.label.toLowerCase()}</span>
              )}
            </div>
            <RuleSentence approval={approval} scope={scope} draft={draft} disabled={sent} onChange={setDraft} />
            {approval.typed !== null && (
              <TypedField value={approval.typed} typed={typed} disabled={sent} onChange={setTyped} />
            )}
          </div>
          <AllowButton arming={arming} label={SCOPES[scope].allow} busy={sent || !isTyped} onAllow={onAllow} />
        </div>
      )}
      {waits ? (
        <Clocks approval={approval} place={place} />
      ) : (
        <footer className={css.clocks}>
          <p className={css.ending} role="status">
            {place === 'dialog' ? endedElsewhere(approval.state) : ending(approval.state)}
          </p>
          {place === 'dialog' && (
            <Button autoFocus onClick={onClose}>
              Close
            </Button>
          )}
        </footer>
      )}
    </article>
  )
}

function Head({ approval, titleId }: { approval: Approval; titleId: string }) {
  const server = listOf(useServers()).find(s => s.id === approval.server.id)
  return (
    <header className={css.head}>
      <ClientTile client={approval.client.id} size={32} />
      <IconArrowRight size={14} aria-hidden className={css.arrow} />
      <ServerTile
        size={32}
        server={server ?? { slug: '', bundled: false, launch: { args: [], env: {}, headers: {} } }}
      />
      <div className={css.headWords}>
        <h2 id={titleId} className={css.headTitle}>
          {approval.client.title} wants to run{' '}
          <code>
            <Foreign text={approval.tool} max={120} />
          </code>
        </h2>
        <p className={css.headFact}>
          on {approval.server.name} · asked <Ago at={approval.askedAt} />
          {approval.client.says && !claims(approval.client.says, approval.client.title) && (
            <>
              {' '}
              · calls itself <Foreign text={approval.client.says} max={60} mono />
            </>
          )}
        </p>
      </div>
      <RiskMark risk={approval.risk} look="soft" />
    </header>
  )
}

/** Whether a client's own name is only its title with a version: nothing to point at then. */
function claims(says: string, title: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '')
  return plain(says.replace(/[\d.]+\s*$/, '')) === plain(title)
}

interface Keys {
  approval: Approval
  arming: ArmingNow
  say: RefObject<HTMLInputElement | null>
  setScope: (scope: Scope) => void
  onAllow: () => void
  on: boolean
}

/** D for the word, 1–4 for the scope, Mod+Shift+A to allow once armed; letters rest while somebody types. */
function useKeys(root: RefObject<HTMLElement | null>, keys: Keys): void {
  const latest = useRef(keys)
  latest.current = keys
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => {
      const { approval, arming, say, setScope, onAllow, on } = latest.current
      if (!on || !root.current || covered(root.current)) return
      if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'a') {
        event.preventDefault()
        const { repeat, timeStamp: beganAt, isTrusted: trusted } = event
        if (mayAllow(arming.current(), { by: 'shortcut', beganAt, repeat, clicks: 0, trusted })) onAllow()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return
      const scope = scopesOf(approval)[Number(event.key) - 1]
      if (event.key === 'd') {
        event.preventDefault()
        say.current?.focus()
      } else if (scope) setScope(scope)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [root])
}

const isField = (target: EventTarget | null) =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement

/** A decision behind an open dialog hears no keys. */
const covered = (element: HTMLElement) => {
  const open = document.querySelector('dialog[open], [aria-modal="true"]')
  return open !== null && !open.contains(element)
}

/** An id for the heading that names a decision. */
export const useTitleId = () => `decision-${useId()}`

interface DecisionProps {
  approval: Approval
  place: 'pane' | 'dialog'
  titleId: string
  /** Until then a key on Deny does not count: it was meant for the field that had the focus. */
  calmUntil?: number
  /** You answered here, or have seen how it ended. */
  onClose?: () => void
}
