// What can be done about one client: the button that helps most, and the rest in a menu.
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconArrowBackUp, IconCheck, IconDots } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { baseOf, type Client, type ClientAction } from '../../../contract/clients.ts'
import { hub, useCall } from '../../hub.ts'
import css from './clients.module.css'
import { ChangeOther } from './other-client.tsx'

/** What a row opens: a preview, its history, its own servers, or its profile. */
export type Opened = ClientAction | 'history' | 'servers' | 'profile' | 'direct' | 'project'

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
          <MoreMenu of={client}>
            <Menu.Item onClick={() => onOpen(id, 'direct')}>Servers past the gate…</Menu.Item>
            {client.hasProjects && <Menu.Item onClick={() => onOpen(id, 'project')}>Connect in a project…</Menu.Item>}
            {client.project !== null && client.canUndo && (
              <Menu.Item onClick={() => onOpen(id, 'undo')}>Undo the last write…</Menu.Item>
            )}
          </MoreMenu>
        </>
      )
    case 'not-installed':
      return null
  }
}

function MoreMenu({ of, children }: { of: Client; children: ReactNode }) {
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={`More for ${of.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  )
}

function More({ client, onOpen }: Pick<ActionProps, 'client' | 'onOpen'>) {
  const { id, status } = client
  const keep = useCall(hub.clients.keep)
  const answer = useCall(hub.clients.answerGuard)
  const isGone = status === 'dropped'
  return (
    <MoreMenu of={client}>
      <Menu.Item onClick={() => onOpen(baseOf(id), 'profile')}>Profile…</Menu.Item>
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
      {client.hasProjects && <Menu.Item onClick={() => onOpen(id, 'project')}>Connect in a project…</Menu.Item>}
      <Menu.Divider />
      {client.canUndo && <Menu.Item onClick={() => onOpen(id, 'undo')}>Undo the last write…</Menu.Item>}
      {isGone ? (
        <Menu.Item onClick={() => void answer({ id, answer: 'out' })}>Leave it out</Menu.Item>
      ) : (
        <>
          <Menu.Item onClick={() => onOpen(id, 'token')}>Replace its token…</Menu.Item>
          <Menu.Item onClick={() => onOpen(id, 'disconnect')}>Disconnect…</Menu.Item>
        </>
      )}
    </MoreMenu>
  )
}

function OtherMore({ client, onOpen }: Pick<ActionProps, 'client' | 'onOpen'>) {
  const [asked, setAsked] = useState<'token' | 'remove' | null>(null)
  return (
    <>
      <MoreMenu of={client}>
        <Menu.Item onClick={() => onOpen(client.id, 'profile')}>Profile…</Menu.Item>
        <Menu.Item onClick={() => setAsked('token')}>Replace its token…</Menu.Item>
        <Menu.Item onClick={() => setAsked('remove')}>Remove…</Menu.Item>
      </MoreMenu>
      {asked && <ChangeOther client={client} what={asked} onClose={() => setAsked(null)} />}
    </>
  )
}
