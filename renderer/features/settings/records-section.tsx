// How long the log keeps what was said in its rows. The rows themselves stay, and the chain goes on holding.
import { Button, NumberInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Retention, RetentionState } from '../../../contract/audit.ts'
import type { Problem as ProblemData } from '../../../contract/procedure.ts'
import { hub, problemFrom, useCall, useHub } from '../../hub.ts'
import { AlertDialog, Box, bytes, count, moment, Problem, RowsSkeleton, Section, showDone } from '../../ui/index.ts'
import { Row } from './row.tsx'
import css from './settings.module.css'

const MB = 1024 * 1024

export function RecordsSection() {
  const [state, setState] = useState<RetentionState | null>(null)
  const [problem, setProblem] = useState<ProblemData | null>(null)
  const live = useHub().kind === 'live'
  useEffect(() => {
    let current = true
    if (!live) return
    hub.audit.retention().then(
      found => current && setState(found),
      error => current && setProblem(problemFrom(error)),
    )
    return () => {
      current = false
    }
  }, [live])
  return (
    <Section title="Records" fact="content is erased in time; that something was done stays, and can be verified">
      {problem && <Problem error={problem} />}
      {!state && !problem && <RowsSkeleton rows={3} />}
      {state && <Keep key={JSON.stringify([state.days, state.bytes])} state={state} onSaved={setState} />}
    </Section>
  )
}

function Keep({ state, onSaved }: { state: RetentionState; onSaved: (state: RetentionState) => void }) {
  const [days, setDays] = useState<number | string>(state.days ?? '')
  const [size, setSize] = useState<number | string>(state.bytes === null ? '' : Math.round(state.bytes / MB))
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const change = useCall(hub.audit.setRetention)
  const next: Retention = { days: days === '' ? null : Number(days), bytes: size === '' ? null : Number(size) * MB }
  const isNew =
    next.days !== state.days || Number(next.bytes) !== Number(state.bytes && Math.round(state.bytes / MB) * MB)
  const isLess = less(next.days, state.days) || less(next.bytes, state.bytes)
  const save = async () => {
    setBusy(true)
    const done = await change(next)
    setBusy(false)
    setAsking(false)
    if (!done) return
    showDone('How long records are kept was changed')
    onSaved({ ...state, ...next })
  }
  return (
    <Box>
      <Row what="Keep content for" text="Days; leave it empty to keep it whatever its age">
        <NumberInput
          aria-label="Days"
          placeholder="any age"
          value={days}
          onChange={setDays}
          min={1}
          max={36_500}
          allowDecimal={false}
          hideControls
          suffix=" days"
          w={110}
        />
      </Row>
      <Row what="And while the log is below" text="Megabytes, at least 10; leave it empty for any size">
        <NumberInput
          aria-label="Megabytes"
          placeholder="any size"
          value={size}
          onChange={setSize}
          min={10}
          max={1_000_000}
          allowDecimal={false}
          hideControls
          suffix=" MB"
          w={110}
        />
      </Row>
      <Row what="Now" text={nowWords(state)}>
        <Button disabled={!isNew} loading={busy} onClick={() => (isLess ? setAsking(true) : void save())}>
          Change{isLess && isNew ? '…' : ''}
        </Button>
      </Row>
      {asking && (
        <AlertDialog labelledBy="keep-less" width={480} onAside={() => setAsking(false)}>
          <div className={css.ask}>
            <h2 id="keep-less">Keep less?</h2>
            <p>
              What is older or beyond that size is erased within a minute, and each day from then on: clients, tools,
              arguments and decisions. Nobody can bring it back. The rows stay, with their times and hashes, and the
              chain goes on holding.
            </p>
            <div className={css.acts}>
              <Button variant="filled" data-safe onClick={() => setAsking(false)}>
                Keep as it is
              </Button>
              <Button className={css.danger} loading={busy} onClick={() => void save()}>
                Erase older content
              </Button>
            </div>
          </div>
        </AlertDialog>
      )}
    </Box>
  )
}

function nowWords({ usedBytes, oldestAt, erasedTo }: RetentionState): string {
  const parts = [`${bytes(usedBytes)} on disk`]
  if (oldestAt !== null) parts.push(`oldest row ${moment(oldestAt)}`)
  parts.push(erasedTo > 0 ? `content erased up to row ${count(erasedTo)}` : 'nothing erased by age or size yet')
  return parts.join(' · ')
}

const less = (next: number | null, now: number | null) => next !== null && (now === null || next < now)
