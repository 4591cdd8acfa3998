// The one search over all servers, what it found by server, and the calls made lately.
import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { listOf, useServers } from '../../hub.ts'
import { duration, Foreign, RiskMark, RowsSkeleton, ServerTile, shown, useSlash } from '../../ui/index.ts'
import { useWalk } from '../use-walk.ts'
import { byServer, type Found, find, pieces } from './find.ts'
import css from './inspector.module.css'
import type { AnyOffer, Kind, Offers } from './offers.ts'
import { gistOf, type Made } from './session.ts'

interface Props {
  /** What is searched for at first. */
  start: string
  offers: Offers
  kind: Kind
  chosen: AnyOffer | null
  made: readonly Made[]
  current: Made | null
  onChoose: (offer: AnyOffer) => void
  onReopen: (made: Made) => void
}

const MOST_SHOWN = 400

export function OfferList({ start, offers, kind, chosen, made, current, onChoose, onReopen }: Props) {
  const [search, setSearch] = useState(start)
  const all = useMemo(() => (offers.kind === 'ready' ? offers.all.filter(o => o.kind === kind) : []), [offers, kind])
  const found = useMemo(() => find(all, search), [all, search])
  const groups = byServer(found.slice(0, MOST_SHOWN))
  const order = groups.flatMap(g => g.found.map(f => f.offer))
  useWalk(
    order.map(o => o.key),
    chosen?.key,
    key => {
      const next = order.find(o => o.key === key)
      if (next) onChoose(next)
    },
  )
  const listed = useRef<HTMLElement>(null)
  const chosenKey = chosen?.key
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice, or the list that came, scrolls to it
  useEffect(() => {
    listed.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [chosenKey, offers.kind])
  return (
    <div className={css.list}>
      <Search
        value={search}
        onChange={setSearch}
        fact={search ? `${found.length} of ${all.length}` : String(all.length)}
        onEnter={() => order[0] && onChoose(order[0])}
      />
      <nav ref={listed} className={css.offers} aria-label={`All ${kind}`}>
        {offers.kind === 'loading' && <RowsSkeleton rows={8} height={30} />}
        {groups.map(group => (
          <Group key={group.server} server={group.server} found={group.found} chosen={chosen} onChoose={onChoose} />
        ))}
        {found.length > MOST_SHOWN && <p className={css.quiet}>{found.length - MOST_SHOWN} more; search to narrow.</p>}
        {search && found.length === 0 && (
          <p className={css.quiet}>Nothing has “{search}” in its name or description.</p>
        )}
        {offers.kind === 'ready' &&
          offers.problems.map(p => (
            <p key={p.server} className={css.quiet}>
              {p.server}: {p.what}
            </p>
          ))}
        {offers.kind === 'ready' &&
          offers.warnings.map(warning => (
            <p key={warning} className={css.quiet}>
              {warning}
            </p>
          ))}
      </nav>
      {made.length > 0 && (
        <div className={css.history}>
          <h2>History</h2>
          {made.slice(0, 12).map(one => (
            <button
              key={one.id}
              type="button"
              className={css.past}
              aria-current={one === current}
              onClick={() => onReopen(one)}
            >
              <code>{shown(one.offer.name)}</code>
              <span className={css.gist}>
                <Foreign text={gistOf(one.args)} max={40} />
              </span>
              <PastEnd made={one} />
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

function PastEnd({ made: { ended } }: { made: Made }) {
  if (ended === null) return <span className={css.took}>running</span>
  if (ended.kind === 'cancelled') return <span className={css.took}>taken back</span>
  if (ended.kind === 'failed' || ended.outcome.kind !== 'result')
    return (
      <span className={css.took} data-tone="red">
        error
      </span>
    )
  return <span className={css.took}>{duration(ended.outcome.durationMs)}</span>
}

interface GroupProps {
  server: string
  found: Found<AnyOffer>[]
  chosen: AnyOffer | null
  onChoose: (offer: AnyOffer) => void
}

function Group({ server, found, chosen, onChoose }: GroupProps) {
  const known = listOf(useServers()).find(s => s.name === server)
  return (
    <section>
      <h2 className={css.server}>
        {known && <ServerTile server={known} size={20} />}
        {server}
      </h2>
      {found.map(({ offer, at }) => (
        <button
          key={offer.key}
          type="button"
          className={css.offer}
          aria-current={chosen?.key === offer.key && chosen.kind === offer.kind}
          onClick={() => onChoose(offer)}
        >
          <span className={css.offerName}>
            {pieces(offer.name, at).map((piece, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one name have no other key
              <span key={n} data-hit={piece.hit}>
                {shown(piece.text)}
              </span>
            ))}
          </span>
          {offer.kind === 'tools' && offer.risk !== 'reads' && <RiskMark risk={offer.risk} look="glyph" />}
        </button>
      ))}
    </section>
  )
}

function Search(props: { value: string; fact: string; onChange: (text: string) => void; onEnter: () => void }) {
  const field = useSlash()
  return (
    <TextInput
      ref={field}
      className={css.search ?? ''}
      aria-label="Search all servers"
      placeholder="Search all servers"
      leftSection={<IconSearch size={14} />}
      rightSection={<span className={css.searchFact}>{props.fact}</span>}
      rightSectionWidth={72}
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key === 'Enter') props.onEnter()
        if (event.key !== 'Escape') return
        props.onChange('')
        event.currentTarget.blur()
      }}
    />
  )
}
