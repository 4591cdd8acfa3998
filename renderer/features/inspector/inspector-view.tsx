// Any tool, resource or prompt of any server: chosen by one search, called by hand, its answer shown, the wire always below.
import { SegmentedControl } from '@mantine/core'
import { useEffect, useState } from 'react'
import { dialogIsOpen, EmptyState, isTyping, Page, PageHeader, Problem } from '../../ui/index.ts'
import { textOf, useAddress } from '../use-address.ts'
import { AnswerView } from './answer-view.tsx'
import { CallForm } from './call-form.tsx'
import css from './inspector.module.css'
import { OfferList } from './offer-list.tsx'
import { type AnyOffer, type Kind, type Offers, useOffers } from './offers.ts'
import { type Made, useMade } from './session.ts'
import { WireView } from './wire-view.tsx'

const KINDS = ['tools', 'resources', 'prompts'] as const

export function InspectorView() {
  const offers = useOffers()
  const [address, go] = useAddress()
  const made = useMade()
  const kind = KINDS.find(k => k === address.kind) ?? 'tools'
  const all = offers.kind === 'ready' ? offers.all : []
  const [server, tool] = [textOf(address.server), textOf(address.tool)]
  const key = textOf(address.offer) ?? (server && tool ? `${server}/${tool}` : undefined)
  const chosen = all.find(o => o.kind === kind && o.key === key) ?? null
  const [shown, setShown] = useState<number | null>(null)
  const call =
    made.find(m => m.id === shown && sameOffer(m.offer, chosen)) ?? made.find(m => sameOffer(m.offer, chosen)) ?? null
  const choose = (offer: AnyOffer) => {
    const only = tool ? undefined : server
    go({ kind: kindMember(offer), offer: offer.key, server: only }, { replace: key !== undefined })
  }
  const reopen = (one: Made) => {
    setShown(one.id)
    go({
      kind: kindMember(one.offer),
      offer: one.offer.key,
      args: one.args,
      again: one.id,
    })
  }
  useWireKey()
  return (
    <Page
      header={
        <PageHeader title="Inspector" fact={chosen ? undefined : 'Calls go through the same gate and the same record'}>
          <SegmentedControl
            withItemsBorders={false}
            aria-label="What to choose from"
            value={kind}
            onChange={value => go({ kind: value === 'tools' ? undefined : value })}
            data={KINDS.map(value => ({ value, label: <Tab kind={value} offers={offers} /> }))}
          />
        </PageHeader>
      }
    >
      <div className={css.grid}>
        <OfferList
          key={server ?? ''}
          start={tool ? '' : (server ?? '')}
          offers={offers}
          kind={kind}
          chosen={chosen}
          made={made}
          current={call}
          onChoose={choose}
          onReopen={reopen}
        />
        <div className={css.work}>
          {chosen ? (
            <CallForm
              key={`${chosen.kind} ${chosen.key} ${textOf(address.again) ?? ''}`}
              offer={chosen}
              given={textOf(address.args)}
              running={call !== null && call.ended === null ? call : null}
              onBegan={setShown}
            />
          ) : (
            <Choose offers={offers} kind={kind} unknown={key !== undefined && offers.kind === 'ready' ? key : null} />
          )}
        </div>
        <div className={css.answer}>{chosen && <AnswerView key={call?.id ?? 'none'} call={call} offer={chosen} />}</div>
        <div className={css.wire}>
          <WireView correlation={call?.ended?.kind === 'outcome' ? call.ended.outcome.correlation : null} />
        </div>
      </div>
    </Page>
  )
}

/** Tools are what an address without a kind means. */
const kindMember = (offer: AnyOffer) => (offer.kind === 'tools' ? undefined : offer.kind)

const sameOffer = (a: AnyOffer, b: AnyOffer | null) => b !== null && a.kind === b.kind && a.key === b.key

function Tab({ kind, offers }: { kind: Kind; offers: Offers }) {
  const count = offers.kind === 'ready' ? offers.all.filter(o => o.kind === kind).length : null
  return (
    <>
      {kind[0]!.toUpperCase() + kind.slice(1)} <span className={css.tabCount}>{count ?? '–'}</span>
    </>
  )
}

function Choose({ offers, kind, unknown }: { offers: Offers; kind: Kind; unknown: string | null }) {
  if (offers.kind === 'failed') return <Problem error={offers.error} />
  if (offers.kind === 'loading') return null
  const count = offers.all.filter(o => o.kind === kind).length
  const one = kind.slice(0, -1)
  if (unknown !== null) {
    return (
      <EmptyState
        title={`This ${one} is not offered now.`}
        text="Its server may be stopped, removed, or have changed what it offers."
      />
    )
  }
  if (count === 0) {
    return (
      <EmptyState
        title={`No ${kind} yet.`}
        text={
          offers.unlisted.length > 0
            ? `What ${offers.unlisted.map(s => s.name).join(', ')} can do is known after the first start.`
            : `No server offers ${kind}.`
        }
      />
    )
  }
  return (
    <EmptyState
      title={`Choose a ${one}.`}
      text={`/ searches ${count === 1 ? 'the one there is' : `all ${count}`}, by name and description.`}
    />
  )
}

/** W goes to the wire and back to the search. */
function useWireKey(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== 'w' || event.ctrlKey || event.metaKey || event.altKey) return
      if (isTyping(event.target) || dialogIsOpen()) return
      document.querySelector<HTMLElement>('[data-wire]')?.focus()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}
