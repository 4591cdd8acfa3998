// One client: how it stands and by what evidence, what is wrong in words, and what can be done about it.
import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { IconArrowBackUp, IconDots } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { Client, Preview } from '../../../contract/clients.ts'
import { hub, listOf, useCall, useServers } from '../../hub.ts'
import { ClientMark, ClientTile, plural, showDone, tokens } from '../../ui/index.ts'
import css from './clients.module.css'
import { ChangeOther } from './other-client.tsx'

type Action = Preview['action']

/** Of a client without a config file that Gatehouse writes. */
const WHERE = {
  stdio: 'with an entry that you paste',
  http: 'over HTTP, with an entry that you paste',
  none: 'no config file on this system',
}

interface RowProps {
  client: Client
  dark: boolean
  /** The address points at it. */
  named?: boolean
  onOpen: (id: string, action: Action) => void
  onLook: () => void
}

export function ClientRow({ client, dark, named = false, onOpen, onLook }: RowProps) {
  const { id, status } = client
  const sees = useSees(id)
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (named) row.current?.scrollIntoView({ block: 'nearest' })
  }, [named])
  return (
    <div ref={row} className={css.row} aria-current={named || undefined}>
      <div className={css.who}>
        <ClientTile client={id} />
        <div className={css.names}>
          <div className={css.name}>{client.name}</div>
          {client.path ? (
            <div className={css.path} title={client.path}>
              {middle(client.path)}
            </div>
          ) : (
            <div className={css.evidence} style={{ padding: 0 }}>
              {WHERE[client.other ?? 'none']}
            </div>
          )}
        </div>
      </div>
      <div className={css.status}>
        <ClientMark status={status} />
        <div className={css.evidence}>{client.evidence || '–'}</div>
      </div>
      <div className={css.sees}>
        {sees.tools > 0 ? (
          <>
            {plural(sees.tools, 'tool')} <span className={css.quiet}>· about {tokens(sees.tokens)} tokens</span>
          </>
        ) : (
          <span className={css.quiet}>{status === 'dropped' ? 'nothing now' : '–'}</span>
        )}
      </div>
      <div className={css.actions}>
        <Actions client={client} dark={dark} onOpen={onOpen} onLook={onLook} />
      </div>
      <Note client={client} />
    </div>
  )
}

/** What is wrong and what to do, in words, under the row. */
function Note({ client }: { client: Client }) {
  const { problem, status } = client
  if (problem) {
    const where =
      problem.line === null
        ? ''
        : `Line ${problem.line}${problem.column === null ? '' : `, column ${problem.column}`}: `
    return (
      <p className={css.note}>
        {where && !problem.what.startsWith('Line') && where}
        {problem.what}
      </p>
    )
  }
  if (client.afterWriting && (status === 'written' || status === 'waiting'))
    return <p className={css.note}>{client.afterWriting}</p>
  return null
}

function Actions({ client, dark, onOpen, onLook }: RowProps) {
  const { id, status } = client
  if (client.other) return <OtherMore client={client} />
  const undo = client.canUndo && (
    <Button leftSection={<IconArrowBackUp size={14} />} onClick={() => onOpen(id, 'undo')}>
      Undo…
    </Button>
  )
  switch (status) {
    case 'dropped':
      return (
        <Button leftSection={<IconArrowBackUp size={14} />} onClick={() => onOpen(id, 'connect')}>
          Put it back…
        </Button>
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
        <Button variant={dark ? 'filled' : 'default'} onClick={() => onOpen(id, 'connect')}>
          Connect…
        </Button>
      )
    case 'not-installed':
      return null
  }
}

function More({ client, onOpen }: Pick<RowProps, 'client' | 'onOpen'>) {
  const [asked, setAsked] = useState(false)
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={`More for ${client.name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onOpen(client.id, 'disconnect')}>Disconnect…</Menu.Item>
          {client.canUndo && <Menu.Item onClick={() => onOpen(client.id, 'undo')}>Undo the last write…</Menu.Item>}
          <Menu.Item onClick={() => setAsked(true)}>Replace its token…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked && <ReplaceToken client={client} onClose={() => setAsked(false)} />}
    </>
  )
}

function OtherMore({ client }: { client: Client }) {
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

/** Tools and tokens of the servers this client listed or called. */
function useSees(client: string): { tools: number; tokens: number } {
  const servers = listOf(useServers()).filter(s => s.seenBy.includes(client))
  return {
    tools: servers.reduce((sum, s) => sum + (s.tools ?? 0), 0),
    tokens: servers.reduce((sum, s) => sum + (s.toolTokens ?? 0), 0),
  }
}

/** A path cut in its middle, its file name whole. */
function middle(path: string, max = 52): string {
  if (path.length <= max) return path
  const file = path.slice(path.lastIndexOf('/'))
  return `${path.slice(0, Math.max(8, max - file.length - 1))}…${file}`
}
