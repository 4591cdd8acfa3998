// How a call ended and what came back, as what it is.

import { SegmentedControl } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { PersonQuestion } from '../../../contract/questions.ts'
import { listOf, useQuestions } from '../../hub.ts'
import { Banner, bytes, count, duration, Foreign, JsonView, useNow } from '../../ui/index.ts'
import { useInPlace } from '../questions/in-place.ts'
import { Question } from '../questions/question.tsx'
import { Blocks } from './blocks.tsx'
import { checkOutput } from './check-output.ts'
import css from './inspector.module.css'
import type { AnyOffer } from './offers.ts'
import { answerOf, tableOf } from './result.ts'
import { ResultTable } from './result-table.tsx'
import type { Made } from './session.ts'
import { useStoppedAtGate } from './wire.ts'

type Look = 'table' | 'text' | 'json'
const LABELS = { table: 'Table', text: 'Text', json: 'JSON' } as const

export function AnswerView({ call, offer }: { call: Made | null; offer: AnyOffer }) {
  if (!call) return <p className={css.nothing}>Not called yet. The answer is shown here.</p>
  if (call.ended === null) return <Running call={call} offer={offer} />
  if (call.ended.kind === 'cancelled')
    return <p className={css.nothing}>You took this call back. What it did until then, its server knows.</p>
  if (call.ended.kind === 'failed') {
    return (
      <div className={css.answerBody}>
        <Banner tone="red" role="alert" title={call.ended.error.message} text={call.ended.error.hint} />
      </div>
    )
  }
  return <Ended outcome={call.ended.outcome} offer={offer} />
}

function Running({ call, offer }: { call: Made; offer: AnyOffer }) {
  const seconds = Math.max(0, Math.round((useNow() - call.at) / 1000))
  const asks = offer.kind === 'tools' && offer.effect === 'ask'
  const questions = listOf(useQuestions()).filter(one => isOf(one, offer))
  useInPlace(questions.map(one => one.id))
  return (
    <div className={questions.length > 0 ? css.answerBody : undefined}>
      <p className={questions.length > 0 ? css.quiet : css.nothing} role="status">
        {questions.length > 0
          ? 'Waits for your answer.'
          : asks
            ? 'Waits for you: decide in the dialog or in Approvals.'
            : 'Running.'}{' '}
        <span className="num">{seconds} s</span>
      </p>
      {questions.map(one => (
        <Question key={one.id} question={one} place="call" titleId={`asked-${one.id}`} />
      ))}
    </div>
  )
}

/** Asked for a call from here, by the server that it runs on. */
const isOf = ({ state, clients, server }: PersonQuestion, offer: AnyOffer) =>
  state.kind === 'waiting' && server.name === offer.server && clients.some(client => client.id === 'inspector')

function Ended({
  outcome,
  offer,
}: {
  outcome: NonNullable<Extract<Made['ended'], { kind: 'outcome' }>>['outcome']
  offer: AnyOffer
}) {
  const answer = useMemo(() => answerOf(outcome), [outcome])
  const table = useMemo(() => tableOf(answer.structured), [answer])
  const fit = useMemo(
    () => checkOutput(offer.kind === 'tools' && outcome.kind === 'result' ? offer.output : null, answer.structured),
    [offer, outcome, answer],
  )
  const looks: Look[] = [
    ...(table ? (['table'] as const) : []),
    ...(answer.blocks.length > 0 ? (['text'] as const) : []),
    'json',
  ]
  const [wanted, setWanted] = useState<Look | null>(null)
  const look = looks.find(l => l === wanted) ?? looks[0]!
  const size = new TextEncoder().encode(outcome.result).length
  const stopped = useStoppedAtGate(outcome.correlation)
  const failed = outcome.kind !== 'result'
  return (
    <section className={css.ended} aria-label="Answer" aria-live="polite">
      <div className={css.endedHead}>
        <span className={css.end} data-tone={failed ? 'red' : 'green'}>
          {failed ? <IconAlertTriangle size={16} aria-hidden /> : <IconCircleCheck size={16} aria-hidden />}
          {outcome.kind === 'result'
            ? 'Done'
            : stopped
              ? 'Not run'
              : outcome.kind === 'tool-error'
                ? 'The tool reports an error'
                : 'Protocol error'}
        </span>
        <span className={`${css.endFacts} num`}>
          {duration(outcome.durationMs)} · {bytes(size)}, about {count(Math.max(1, Math.round(size / 4)))} tokens
          {fit.kind === 'fits' && ' · fits its schema'}
        </span>
        {looks.length > 1 && (
          <SegmentedControl
            withItemsBorders={false}
            className={css.looks ?? ''}
            aria-label="How to show it"
            value={look}
            onChange={value => setWanted(looks.find(l => l === value) ?? null)}
            data={looks.map(value => ({ value, label: LABELS[value] }))}
          />
        )}
      </div>
      <div className={css.answerBody}>
        {fit.kind === 'differs' && (
          <p className={css.differs}>
            Not what its output schema promises. <Foreign text={fit.what} max={300} />
          </p>
        )}
        {fit.kind === 'unchecked' && (
          <p className={css.quiet}>
            Its output schema cannot be checked: <Foreign text={fit.what} max={300} />
          </p>
        )}
        {answer.error && (
          <div className={css.rpcError} role="alert">
            <p>
              {answer.error.code !== null && <code>{answer.error.code}</code>}{' '}
              <Foreign text={answer.error.message} max={2000} />
            </p>
            {answer.error.data !== undefined && <JsonView text={JSON.stringify(answer.error.data)} maxHeight={240} />}
          </div>
        )}
        {look === 'table' && table && <ResultTable table={table} />}
        {look === 'json' && !answer.error && <JsonView text={outcome.result} maxHeight={100_000} />}
        {look !== 'json' && answer.blocks.length > 0 && (
          <Blocks
            blocks={answer.blocks}
            by={stopped ? 'Gatehouse' : offer.server}
            failed={failed}
            titled={look === 'table'}
          />
        )}
        {look === 'text' && answer.structured !== undefined && !table && (
          <>
            <h3 className={css.sub}>Structured content</h3>
            <JsonView text={JSON.stringify(answer.structured)} />
          </>
        )}
      </div>
    </section>
  )
}
