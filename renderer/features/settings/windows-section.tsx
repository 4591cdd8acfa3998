// The windows that may decide: each can be revoked; the PIN that later ones are asked for.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { PairedWindow } from '../../../contract/hub.ts'
import { hub, listOf, useCall, useStatus, useWindows } from '../../hub.ts'
import { Ago, Box, CopyButton, Mono, moment, Problem, RowsSkeleton, Section, showDone } from '../../ui/index.ts'
import { PinDialog } from '../pairing/pin-dialog.tsx'
import { Row } from './row.tsx'
import css from './settings.module.css'

export function WindowsSection() {
  const windows = useWindows()
  return (
    <Section title="Windows" fact="only these may allow, agree and loosen">
      {windows.kind === 'loading' && <RowsSkeleton rows={2} />}
      {windows.kind === 'failed' && <Problem error={windows.error} />}
      {windows.kind === 'ready' && (
        <Box>
          {listOf(windows).map(each => (
            <WindowRow key={each.id} window={each} />
          ))}
          <Pin />
          <NewLink />
        </Box>
      )}
    </Section>
  )
}

function WindowRow({ window }: { window: PairedWindow }) {
  const revoke = useCall(hub.windows.revoke)
  const { id, name, pairedAt, lastSeenAt, open, thisOne } = window
  return (
    <Row
      what={
        <>
          {name} {thisOne && <span className={css.quiet}>this one</span>}
        </>
      }
      text={`paired ${moment(pairedAt)}`}
    >
      <span className={css.quiet}>
        {open ? 'open now' : lastSeenAt === null ? 'never seen' : <Ago at={lastSeenAt} />}
      </span>
      <Button
        size="xs"
        aria-label={`Revoke ${name}`}
        onClick={() => void revoke({ id }).then(done => done && !thisOne && showDone(`Revoked ${name}`))}
      >
        Revoke
      </Button>
    </Row>
  )
}

function Pin() {
  const status = useStatus()
  const [asked, setAsked] = useState<'set' | 'remove' | null>(null)
  const isSet = status.kind === 'ready' && status.value.pin === 'set'
  return (
    <Row
      what="PIN"
      text={
        isSet
          ? 'Asked for when another window is paired'
          : 'Not set: any program that runs as you could pair a window of its own and answer for you'
      }
    >
      {isSet && (
        <Button size="xs" variant="subtle" onClick={() => setAsked('remove')}>
          Remove…
        </Button>
      )}
      <Button size="xs" onClick={() => setAsked('set')}>
        {isSet ? 'Change…' : 'Choose a PIN…'}
      </Button>
      <PinDialog opened={asked !== null} remove={asked === 'remove'} change={isSet} onClose={() => setAsked(null)} />
    </Row>
  )
}

function NewLink() {
  const newLink = useCall(hub.windows.newLink)
  const [link, setLink] = useState<{ url: string; until: number } | null>(null)
  const make = async () => {
    const made = await newLink()
    if (made) setLink({ url: made.url, until: Date.now() + made.validMs })
  }
  return (
    <Row
      what="Another window"
      text={link ? <Mono>{link.url}</Mono> : 'A link that works once, for two minutes; or type “gatehouse open”'}
    >
      {link && <CopyButton text={link.url} label="Copy the link" />}
      <Button size="xs" onClick={() => void make()}>
        New link
      </Button>
    </Row>
  )
}
