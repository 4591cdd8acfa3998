// One server of a profile: shown or hidden as a whole, and below it each of its tools.
import { ActionIcon, Checkbox, TextInput } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import type { ProfileRef, ProfileServer, ProfileTool, WhyNotShown } from '../../../contract/profiles.ts'
import { count, Foreign, plural, tokens } from '../../ui/index.ts'
import css from './profile.module.css'

const MOST_ROWS = 200

interface Props {
  client: string
  days: number
  server: ProfileServer
  onChange: (change: { hide?: ProfileRef[]; show?: ProfileRef[] }) => Promise<unknown>
  onHide: (what: string, hide: ProfileRef[], show?: ProfileRef[]) => Promise<void>
}

export function ProfileServerRow({ client, days, server, onChange, onHide }: Props) {
  const [isOpen, setOpen] = useState(false)
  const { id, name, hidden, tools } = server
  const shown = tools.filter(tool => tool.why === null).length
  const some = tools.some(tool => tool.why === 'tool')
  const toggle = () => {
    const what = `${hidden ? 'Showed' : 'Hid'} ${name} ${hidden ? 'to' : 'from'} ${client}`
    void (hidden ? onHide(what, [], [{ server: id }]) : onHide(what, [{ server: id }]))
  }
  return (
    <div>
      <div className={css.server}>
        <Checkbox
          checked={!hidden}
          indeterminate={!hidden && some}
          onChange={toggle}
          aria-label={`Show ${name} to ${client}`}
        />
        <button type="button" className={css.serverName} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Foreign text={name} max={60} />
          <span className={css.quiet}>{howMany(shown, tools.length)}</span>
        </button>
        <span className={`${css.cost1} num`}>{shown > 0 ? `about ${tokens(server.tokens)}` : '–'}</span>
        <ActionIcon
          aria-label={`${isOpen ? 'Close' : 'Open'} the tools of ${name}`}
          data-open={isOpen}
          className={css.turn}
          onClick={() => setOpen(!isOpen)}
        >
          <IconChevronRight size={14} />
        </ActionIcon>
      </div>
      {isOpen && <Tools server={server} client={client} days={days} onChange={onChange} />}
    </div>
  )
}

function Tools({ server, client, days, onChange }: Pick<Props, 'server' | 'client' | 'days' | 'onChange'>) {
  const [words, setWords] = useState('')
  const { id, hidden, tools } = server
  const found = tools.filter(tool => tool.name.toLowerCase().includes(words.toLowerCase()))
  const toggle = (tool: ProfileTool) => {
    const ref = [{ server: id, tool: tool.name }]
    void onChange(tool.why === 'tool' ? { show: ref } : { hide: ref })
  }
  if (tools.length === 0) return <p className={css.none}>It has listed no tools.</p>
  return (
    <div className={css.tools}>
      {tools.length > 20 && (
        <TextInput
          aria-label={`Filter the tools of ${server.name}`}
          placeholder={`Filter ${plural(tools.length, 'tool')}`}
          value={words}
          onChange={event => setWords(event.currentTarget.value)}
        />
      )}
      {found.slice(0, MOST_ROWS).map(tool => (
        // biome-ignore lint/a11y/noLabelWithoutControl: the check box in it is one
        <label key={tool.name} className={css.tool} data-hidden={tool.why !== null}>
          <Checkbox
            size="xs"
            checked={tool.why !== 'tool' && tool.why !== 'server'}
            disabled={hidden}
            onChange={() => toggle(tool)}
            aria-label={`Show ${tool.name} to ${client}`}
          />
          <span className={css.toolName} title={tool.exposedAs}>
            <Foreign text={tool.name} max={80} mono />
          </span>
          <span className={css.quiet}>{tool.why ? WHY[tool.why] : tool.unused ? `unused for ${days} days` : ''}</span>
          <span className={`${css.cost1} num`}>{tokens(tool.tokens)}</span>
        </label>
      ))}
      {found.length > MOST_ROWS && (
        <p className={css.none}>{count(found.length - MOST_ROWS)} more. Filter to see them.</p>
      )}
    </div>
  )
}

const WHY: Record<WhyNotShown, string> = {
  server: '',
  tool: 'hidden',
  limit: 'left out, too many',
  held: 'held back until you look',
  off: 'server is off',
}

function howMany(shown: number, all: number): string {
  return shown === all ? plural(all, 'tool') : `${count(shown)} of ${plural(all, 'tool')}`
}
