// What a server asks of the person, whole: who asks and for whom, its words as its own, and the answer. For pane and dialog.
import { Button, Textarea } from '@mantine/core'
import { type MouseEvent, type ReactNode, useState } from 'react'
import type { PersonAnswer, PersonQuestion } from '../../../contract/questions.ts'
import { hub, listOf, problemFrom, useServers } from '../../hub.ts'
import { Ago, ArmedButton, Foreign, Keys, moment, Said, SchemaForm, ServerTile, useStale } from '../../ui/index.ts'
import { filled, formLook, formSchema, freshValues, lacking, type Values } from './form-schema.ts'
import css from './questions.module.css'
import { SecretWarning, Visit } from './warnings.tsx'
import { endedElsewhere, ending, forWhom, WANTS } from './words.ts'

type Of<K extends PersonQuestion['asked']['kind']> = Extract<PersonQuestion['asked'], { kind: K }>

interface Props {
  question: PersonQuestion
  /** `dialog`: the first field takes the keyboard, Esc puts aside. `call`: below the inspector's running call. */
  place: 'pane' | 'dialog' | 'call'
  titleId: string
  /** Until then a key does not count: it was meant for the field that had the focus. */
  calmUntil?: number
  onClose?: (() => void) | undefined
}

export function Question({ question, place, titleId, calmUntil = 0, onClose }: Props) {
  const { asked, server, state } = question
  const [values, setValues] = useState<Values>(() => (asked.kind === 'form' ? freshValues(asked.fields) : {}))
  const [words, setWords] = useState('')
  const [sent, setSent] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const waits = state.kind === 'waiting'
  const answer = async (it: PersonAnswer) => {
    if (sent || !waits) return
    setSent(true)
    setProblem(null)
    try {
      await hub.questions.answer({ id: question.id, answer: it })
      onClose?.()
    } catch (error) {
      setProblem(problemFrom(error).message)
      setSent(false)
    }
  }
  const say = (action: 'decline' | 'cancel') => (event: MouseEvent) => {
    // The second half of a double click, or a key, that was meant for what was here before.
    if (event.detail > 1 || (event.detail === 0 && event.timeStamp < calmUntil)) return
    void answer({ action })
  }
  const accept = () => {
    if (asked.kind === 'form') void answer({ action: 'accept', content: filled(asked.fields, values) })
    else if (asked.kind === 'sampling') void answer({ action: 'accept', text: words })
    else {
      window.open(asked.url, '_blank', 'noopener,noreferrer')
      void answer({ action: 'accept' })
    }
  }
  const missing = asked.kind === 'form' ? lacking(asked.fields, values) : null
  const off = sent || missing !== null || (asked.kind === 'sampling' && words.trim() === '')
  return (
    <article className={css.question} data-place={place} data-ended={!waits} aria-labelledby={titleId}>
      <Head question={question} titleId={titleId} />
      <div className={css.scroll}>
        {asked.kind === 'form' && <SecretWarning fields={asked.fields} server={server.name} />}
        {asked.kind !== 'sampling' && asked.message !== '' && (
          <div className={css.message}>
            <Said text={asked.message} by={server.name} max={1200} />
          </div>
        )}
        {asked.kind === 'form' && (
          <Form
            asked={asked}
            server={server.name}
            values={values}
            onChange={setValues}
            focus={place !== 'pane'}
            off={sent || !waits}
          />
        )}
        {asked.kind === 'url' && <Visit asked={asked} />}
        {asked.kind === 'sampling' && <Messages asked={asked} server={server.name} />}
        {asked.kind === 'sampling' && waits && (
          <Textarea
            label="Your answer, in place of a model"
            autosize
            minRows={3}
            maxRows={10}
            maxLength={100_000}
            value={words}
            disabled={sent}
            onChange={event => setWords(event.currentTarget.value)}
          />
        )}
      </div>
      {waits && (
        <div className={css.answer}>
          <p className={css.note} role={problem ? 'alert' : undefined} data-tone={problem ? 'red' : undefined}>
            {problem !== null ? (
              <Foreign text={problem} max={300} />
            ) : missing ? (
              <>
                <Foreign text={missing.title ?? missing.name} max={60} mono /> is needed.
              </>
            ) : null}
          </p>
          <Button size="md" data-safe={asked.kind === 'url' || undefined} disabled={sent} onClick={say('decline')}>
            {asked.kind === 'sampling' ? 'Refuse' : 'Decline'}
          </Button>
          {asked.kind !== 'sampling' && (
            <Button size="md" disabled={sent} onClick={say('cancel')}>
              Cancel
            </Button>
          )}
          <ArmedButton content={JSON.stringify([question.id, asked, question.times])} disabled={off} onPress={accept}>
            {asked.kind === 'url' ? 'Open the page' : 'Send answer'}
          </ArmedButton>
        </div>
      )}
      <Foot question={question} place={place} onClose={onClose} />
    </article>
  )
}

/** Stays in sight while the form is gone through: whose form it is. */
function Head({ question, titleId }: { question: PersonQuestion; titleId: string }) {
  const server = listOf(useServers()).find(one => one.id === question.server.id)
  return (
    <header className={css.head}>
      <ServerTile
        size={32}
        server={server ?? { slug: '', bundled: false, launch: { args: [], env: {}, headers: {} } }}
      />
      <div className={css.headWords}>
        <h2 id={titleId} className={css.title}>
          {question.server.name} {WANTS[question.asked.kind]}
        </h2>
        <p className={css.fact}>
          {forWhom(question)} · asked <Ago at={question.askedAt} />
          {question.times > 1 && ` · asked ${question.times} times, one answer goes to all`}
        </p>
      </div>
    </header>
  )
}

function Form(props: {
  asked: Of<'form'>
  server: string
  values: Values
  onChange: (values: Values) => void
  focus: boolean
  off: boolean
}) {
  const { fields } = props.asked
  // Their identity decides whether the form draws anew, and the question stays the same while it waits.
  const [schema] = useState(() => formSchema(fields))
  const [look] = useState(() => formLook(fields, props.focus))
  return (
    <>
      {fields.length > 0 && (
        <SchemaForm
          schema={schema}
          look={look}
          value={props.values}
          disabled={props.off}
          onChange={next => props.onChange((next ?? {}) as Values)}
        />
      )}
      <p className={css.fact}>
        {fields.length > 0
          ? `What you type goes to ${props.server}. Gatehouse does not keep it.`
          : `It asks for nothing but a yes.`}
      </p>
    </>
  )
}

function Messages({ asked, server }: { asked: Of<'sampling'>; server: string }) {
  return (
    <div className={css.messages}>
      {asked.system !== null && <Message from="system" text={asked.system} by={server} />}
      {asked.messages.map((message, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a question's messages never change.
        <Message key={n} from={message.role} text={message.text} by={server} />
      ))}
    </div>
  )
}

function Message({ from, text, by }: { from: string; text: string; by: string }): ReactNode {
  return (
    <div>
      <p className={css.role}>
        <Foreign text={from} max={20} mono />
      </p>
      <Said text={text} by={by} max={1200} />
    </div>
  )
}

function Foot({ question, place, onClose }: Pick<Props, 'question' | 'place' | 'onClose'>) {
  const stale = useStale()
  const { state, asked } = question
  if (state.kind !== 'waiting') {
    return (
      <footer className={css.foot}>
        <p className={css.ending} role="status">
          {place === 'dialog' ? endedElsewhere(question) : ending(question)}
        </p>
        {place === 'dialog' && (
          <Button autoFocus onClick={onClose}>
            Close
          </Button>
        )}
      </footer>
    )
  }
  return (
    <footer className={css.foot}>
      <p>
        {asked.kind === 'sampling'
          ? 'Refuse says that nobody answers.'
          : 'Decline answers no. Cancel says that you did not choose.'}
        {!stale && ` It waits until ${moment(question.until)}, or as long as the call lasts.`}
      </p>
      {place === 'dialog' && (
        <span className={css.keys} aria-hidden>
          <Keys keys="esc" /> later
        </span>
      )}
    </footer>
  )
}
