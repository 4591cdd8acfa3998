// One credential in the list; its name opens the pane.
import { ActionIcon, Menu } from '@mantine/core'
import { IconDots, IconTrash } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Secret } from '../../../contract/secrets.ts'
import { hub, useCall } from '../../hub.ts'
import { Ago, showDone } from '../../ui/index.ts'
import css from './credentials.module.css'

export function CredentialRow({ secret, selected, onOpen }: { secret: Secret; selected: boolean; onOpen: () => void }) {
  const remove = useCall(hub.secrets.remove)
  const { name, status, looksLike, usedBy, usedAt, setAt } = secret
  return (
    <li className={css.row} data-selected={selected}>
      <button type="button" className={css.name} aria-current={selected} onClick={onOpen}>
        {name}
      </button>
      <span>{status === 'locked' ? 'locked' : (looksLike ?? '–')}</span>
      <span className={css.users}>
        {usedBy.length === 0 && 'nothing'}
        {usedBy.map(user => (
          <Link key={user.server} to="/servers/$server" params={{ server: user.server }}>
            {user.name}
          </Link>
        ))}
      </span>
      <span>{usedAt === null ? 'never' : <Ago at={usedAt} as="moment" />}</span>
      <span>{setAt === null ? '–' : <Ago at={setAt} as="moment" />}</span>
      <Menu>
        <Menu.Target>
          <ActionIcon size="xs" aria-label={`More for ${name}`}>
            <IconDots size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={onOpen}>Replace value…</Menu.Item>
          <Menu.Item
            leftSection={<IconTrash size={14} />}
            disabled={usedBy.length > 0}
            onClick={() => void remove({ name }).then(done => done && showDone(`Removed ${name}`))}
          >
            {usedBy.length > 0 ? 'Remove (a server names it)' : 'Remove'}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </li>
  )
}
