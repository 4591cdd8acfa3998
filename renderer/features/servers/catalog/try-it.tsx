// A harmless call of a bundled server, through the gate, with its answer shown; and what it lacks to answer well.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { CallOutcome } from '../../../../contract/calls.ts'
import { type BundledServer, missingIn } from '../../../../contract/catalog.ts'
import type { Problem } from '../../../../contract/procedure.ts'
import type { Server } from '../../../../contract/servers.ts'
import { hub, problemFrom } from '../../../hub.ts'
import { Banner, Box, duration, Foreign, Mono, Row, Section } from '../../../ui/index.ts'
import { useAddress } from '../../use-address.ts'
import css from './catalog.module.css'
import { useBundled } from './use-catalog.ts'

export function BundledHelp({ server }: { server: Server }) {
  const one = useBundled(server)
  const [address, go] = useAddress()
  if (!one) return null
  const missing = missingIn(one, server.launch.env)
  return (
    <>
      {missing.length > 0 && (
        <div className={css.lacks}>
          <Banner
            tone="amber"
            title={`${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not set`}
            text="It starts and lists its tools; calls that need it only say so."
          >
            <Button onClick={() => go({ ...address, add: `gatehouse:${one.name}`, of: server.id })}>Set…</Button>
          </Banner>
        </div>
      )}
      <TryIt server={server} one={one} />
    </>
  )
}

type Tried = { kind: 'outcome'; outcome: CallOutcome } | { kind: 'failed'; error: Problem } | { kind: 'running' }

function TryIt({ server, one }: { server: Server; one: BundledServer }) {
  const [tried, setTried] = useState<Tried | null>(null)
  const { tool, says } = one.example
  const run = async () => {
    setTried({ kind: 'running' })
    try {
      const asked = { server: server.name, tool, arguments: JSON.stringify(one.example.arguments) }
      setTried({ kind: 'outcome', outcome: await hub.calls.call(asked) })
    } catch (error) {
      setTried({ kind: 'failed', error: problemFrom(error) })
    }
  }
  return (
    <Section title="Try it">
      <Box>
        <Row
          title={says}
          text={
            <>
              Calls <Mono>{tool}</Mono>, which changes nothing
            </>
          }
          right={
            <Button size="xs" loading={tried?.kind === 'running'} onClick={() => void run()}>
              Try it
            </Button>
          }
        />
        {tried && tried.kind !== 'running' && <Answer tried={tried} name={server.name} />}
      </Box>
    </Section>
  )
}

function Answer({ tried, name }: { tried: Exclude<Tried, { kind: 'running' }>; name: string }) {
  if (tried.kind === 'failed')
    return (
      <div className={css.answer} role="alert">
        <span className={css.red}>{tried.error.message}</span> {tried.error.hint}
      </div>
    )
  const { outcome } = tried
  const failed = outcome.kind !== 'result'
  return (
    <div className={css.answer} role="status">
      <div className={failed ? css.red : css.green}>
        {failed ? 'It could not answer' : 'It answered'}{' '}
        <span className={css.quiet}>{duration(outcome.durationMs)}</span>
      </div>
      <div className={css.said}>
        <pre>
          <Foreign text={wordsOf(outcome)} max={2_000} />
        </pre>
        <span className={css.quiet}>{name} says</span>
      </div>
    </div>
  )
}

function wordsOf({ result }: CallOutcome): string {
  try {
    const said = JSON.parse(result) as { content?: { text?: unknown }[]; message?: unknown }
    const texts = (said.content ?? []).flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
    return texts.join('\n') || (typeof said.message === 'string' ? said.message : result)
  } catch {
    return result
  }
}
