// Paste what a README says: a block, a command or an address. It says what it understood before anything is added.
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type ClipboardEvent, useState } from 'react'
import type { Added } from '../../../contract/servers.ts'
import { hub, useCall } from '../../hub.ts'
import { plural, showDone } from '../../ui/index.ts'
import { type Pasted, readPaste } from './paste.ts'
import css from './servers.module.css'

const EXAMPLE = `npx -y @modelcontextprotocol/server-memory
uvx mcp-server-fetch
https://mcp.linear.app/mcp
{ "mcpServers": { … } }`

/** After adding, the first new server's command is shown; it runs only once it was read and agreed to. */
export function PasteField({ onAdded, autoFocus = false }: { onAdded?: () => void; autoFocus?: boolean }) {
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const navigate = useNavigate()
  const pasted = readPaste(text)
  const addPasted = useCall(addIt)
  const add = async (what: Pasted) => {
    if (busy || what.kind === 'nothing' || what.kind === 'unclear') return
    setBusy(true)
    const added = await addPasted(what)
    setBusy(false)
    if (!added) return
    setText('')
    onAdded?.()
    tell(added)
    const first = added.servers[0]
    void navigate({ to: '/servers', search: first?.state === 'waiting' ? { agree: first.id } : {} })
  }
  const onPaste = (event: ClipboardEvent) => {
    if (text !== '') return
    const block = readPaste(event.clipboardData.getData('text/plain'))
    if (block.kind === 'block') setText(block.text)
    if (block.kind === 'block') event.preventDefault()
  }
  return (
    <div className={css.paste}>
      <textarea
        // biome-ignore lint/a11y/noAutofocus: the field is what this place is for
        autoFocus={autoFocus}
        data-autofocus={autoFocus ? true : undefined}
        aria-label="Paste a command, an address or an mcpServers block"
        placeholder={EXAMPLE}
        spellCheck={false}
        value={text}
        onChange={event => setText(event.currentTarget.value)}
        onPaste={onPaste}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void add(pasted)
        }}
      />
      <div className={css.pasteFoot}>
        <span role="status">{understood(pasted)}</span>
        <Button
          size="xs"
          loading={busy}
          disabled={pasted.kind === 'nothing' || pasted.kind === 'unclear'}
          onClick={() => void add(pasted)}
        >
          Continue
        </Button>
      </div>
    </div>
  )
}

function addIt(what: Pasted): Promise<Added> {
  if (what.kind === 'block') return hub.servers.import({ text: what.text })
  if (what.kind === 'one') return hub.servers.add({ name: what.name, launch: what.launch })
  throw new Error('Nothing to add.')
}

function understood(pasted: Pasted): string {
  switch (pasted.kind) {
    case 'nothing':
      return 'Nothing runs before you have read its command.'
    case 'block':
      return 'A JSON block. Its servers are added and wait for you.'
    case 'one':
      return pasted.launch.url ? `A remote server, named ${pasted.name}.` : `A command, named ${pasted.name}.`
    case 'unclear':
      return pasted.why
  }
}

/** What was dropped is always said; what was added only when nothing else shows it. */
export function tell(added: Added): void {
  const waits = added.servers[0]?.state === 'waiting'
  const names = added.servers.map(server => server.name).join(', ')
  const what = added.servers.length > 3 ? plural(added.servers.length, 'server') : names
  if (added.servers.length > (waits ? 1 : 0)) showDone(`Added ${what}`)
  for (const dropped of added.dropped) showDone(dropped)
}
