// What can be done about one client: the button that helps most, and the rest in a menu.
import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { IconArrowBackUp, IconCheck, IconDots } from '@tabler/icons-react'
import { useState } from 'react'
import type { Client, Preview } from '../../../contract/clients.ts'
import { hub, useCall } from '../../hub.ts'
import { showDone } from '../../ui/index.ts'
import css from './clients.module.css'
import { ChangeOther } from './other-client.tsx'

/** What a row opens: a preview, its history, its own servers, or its profile. */
export type Opened = Preview['action'] | 'history' | 'servers' | 'profile' | 'direct'

export interface ActionProps {
  client: Client
  dark: boolean
  onOpen: (id: string, what: Opened) => void
  onLook: () => void
}

export function Actions({ client, dark, onOpen, onLook }: ActionProps) {
  const { id, status } = client
  if (client.other) return <OtherMore client={client} onOpen={onOpen} />
  const undo = client.canUndo && (
    <Button leftSection={<IconArrowBackUp size={14} />} onClick={() => onOpen(id, 'undo')}>
      Undo…
    </Button>
  )
  switch (status) {
    case 'dropped':
      return (
        <>
          {client.asks ? (
            <Button onClick={() => onOpen(id, 'history')}>See the change…</Button>
          ) : (
            <Button leftSection={<IconArrowBackUp size={14} />} onClick={() => onOpen(id, 'connect')}>
              Put it back…
            </Button>
          )}
          <More client={client} onOpen={onOpen} />
        </>
      )
    case 'drifted':
      return (
        <>
          <Button onClick={() => onOpen(id, 'connect')}>See the change…</Button>
          <More client={client} onOpen={onOpen} />
        </>
      )
    case 'unreadable':
    case 'no-permission':
      return <Button onClick={onLook}>Look again</Button>
    case 'written':
    case 'waiting':
      return (
        <>
          {undo}
          <More client={client} onOpen={onOpen} />
        </>
      )
    case 'connected':
      return <More client={client} onOpen={onOpen} />
    case 'found':
      return client.path === null ? (
        <span className={css.quiet}>cannot be connected here</span>
      ) : (
        <>
          {client.own.servers > 0 && <Button onClick={() => onOpen(id, 'servers')}>Move its servers…</Button>}
          <Button variant={dark ? 'filled' : 'default'} onClick={() => onOpen(id, 'connect')}>
            Connect…
          </Button>
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={`More for ${client.name}`}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onOpen(id, 'direct')}>Servers past the gate…</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      )
    case 'not-installed':
      return null
  }
}

function More({ client, onOpen }: Pick<ActionProps, 'client' | 'onOpen'>) {
  const { id, status } = client
  const [asked, setAsked] = useState(false)
  const keep = useCall(hub.clients.keep)
  const answer = useCall(hub.clients.answerGuard)
  const isGone = status === 'dropped'
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={`More for ${client.name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onOpen(id, 'profile')}>Profile…</Menu.Item>
          <Menu.Item onClick={() => onOpen(id, 'history')}>History…</Menu.Item>
          <Menu.Item
            role="menuitemcheckbox"
            aria-checked={client.keep}
            rightSection={client.keep ? <IconCheck size={14} /> : undefined}
            onClick={() => void keep({ id, on: !client.keep })}
          >
            Keep it there
          </Menu.Item>
          <Menu.Item onClick={() => onOpen(id, 'servers')}>Its own servers…</Menu.Item>
          <Menu.Item onClick={() => onOpen(id, 'direct')}>Servers past the gate…</Menu.Item>
          <Menu.Divider />
          {client.canUndo && <Menu.Item onClick={() => onOpen(id, 'undo')}>Undo the last write…</Menu.Item>}
          {isGone ? (
            <Menu.Item onClick={() => void answer({ id, answer: 'out' })}>Leave it out</Menu.Item>
          ) : (
            <>
              <Menu.Item onClick={() => setAsked(true)}>Replace its token…</Menu.Item>
              <Menu.Item onClick={() => onOpen(id, 'disconnect')}>Disconnect…</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {asked && <ReplaceToken client={client} onClose={() => setAsked(false)} />}
    </>
  )
}

function OtherMore({ client, onOpen }: Pick<ActionProps, 'client' | 'onOpen'>) {
  const [asked, setAsked] = useState<'token' | 'remove' | null>(null)
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={`More for ${client.name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onOpen(client.id, 'profile')}>Profile…</Menu.Item>
          <Menu.Item onClick={() => setAsked('token')}>Replace its token…</Menu.Item>
          <Menu.Item onClick={() => setAsked('remove')}>Remove…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked && <ChangeOther client={client} what={asked} onClose={() => setAsked(null)} />}
    </>
  )
}

function ReplaceToken({ client, onClose }: { client: Client; onClose: () => void }) {
  const replace = useCall(hub.clients.replaceToken)
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    const written = await replace({ id: client.id })
    setBusy(false)
    if (!written) return
    showDone(`Replaced the token of ${client.name}. ${written.afterWriting}`)
    onClose()
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size={480}
      title={<span className={css.dialogTitle}>Replace the token of {client.name}?</span>}
    >
      <p className={css.text}>
        The old token opens nothing from then on: links that use it end, and {client.name} has to be started again to
        use the new one. Its file is written; a copy is kept.
      </p>
      <div className={css.buttons}>
        <Button size="md" onClick={onClose}>
          Cancel
        </Button>
        <Button size="md" variant="filled" loading={busy} onClick={() => void run()}>
          Replace
        </Button>
      </div>
    </Modal>
  )
}
