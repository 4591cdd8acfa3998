// The answers to what the guardian asks of one client: put our entry back, quit the app for it, or leave it out.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Client } from '../../../contract/clients.ts'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'

type Answer = 'back' | 'out'

export function GuardAnswer({ client }: { client: Client }) {
  const { id, name, asks } = client
  const [busy, setBusy] = useState<Answer | null>(null)
  const answer = useCall(hub.clients.answerGuard)
  const quit = useCall(hub.clients.quitAndWrite)
  if (!asks) return null
  const isRunning = asks.why === 'running'
  const run = async (what: Answer, act: () => Promise<string | undefined>) => {
    setBusy(what)
    const done = await act()
    setBusy(null)
    if (done !== undefined) showDone(done)
  }
  const back = () =>
    run(
      'back',
      async () => (await answer({ id, answer: 'back' })) && `Put Gatehouse back into ${name}. ${client.afterWriting}`,
    )
  const reopen = () =>
    run('back', async () => {
      const written = await quit({ id })
      return (
        written &&
        `Put Gatehouse back into ${name}. ${written.reopened ? 'It was opened again.' : `Open ${name} again.`}`
      )
    })
  const out = () =>
    run(
      'out',
      async () => (await answer({ id, answer: 'out' })) && `Left Gatehouse out of ${name}. Connect puts it in again.`,
    )
  const disabled = busy !== null
  return (
    <>
      {isRunning && !client.canQuit ? null : (
        <Button
          size="xs"
          disabled={disabled}
          loading={busy === 'back'}
          onClick={() => void (isRunning ? reopen() : back())}
        >
          {isRunning ? 'Quit, write, reopen' : 'Put it back'}
        </Button>
      )}
      <Button size="xs" disabled={disabled} loading={busy === 'out'} onClick={() => void out()}>
        Leave it out
      </Button>
    </>
  )
}
