// Mod+K: everything that can be done or gone to, by name. It never lists Allow.
import { Kbd, useMantineColorScheme } from '@mantine/core'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { Tool } from '../../contract/servers.ts'
import { hub } from '../hub.ts'
import css from './frame.module.css'
import { usePaletteActions } from './palette-actions.tsx'

const MOST = 60

export function Palette() {
  const [query, setQuery] = useState('')
  const [tools, setTools] = useState<Tool[]>([])
  const scheme = useMantineColorScheme()
  const actions = matching(query, usePaletteActions(tools, scheme))
  return (
    <Spotlight.Root
      query={query}
      onQueryChange={setQuery}
      // keys.tsx opens it, so that it never opens over another dialog.
      shortcut={null}
      scrollable
      maxHeight={440}
      size={620}
      // The theme centres dialogs; this one stays where it was opened, whatever it lists.
      centered={false}
      yOffset={120}
      radius="xl"
      clearQueryOnClose
      overlayProps={{ blur: 0, backgroundOpacity: 0.28 }}
      transitionProps={{ transition: 'fade', duration: 120 }}
      onSpotlightOpen={() => {
        // Tools are asked for when they may be wanted; without an answer the rest of the palette works.
        hub.servers.tools({}).then(setTools, () => setTools([]))
      }}
    >
      <Spotlight.Search
        placeholder="Search or run"
        aria-label="Search or run"
        leftSection={<IconSearch size={18} stroke={1.7} />}
      />
      <Spotlight.ActionsList>
        {actions.map(group => (
          <Spotlight.ActionsGroup key={group.group} label={group.group}>
            {group.actions.map(({ id, ...action }) => (
              <Spotlight.Action key={id} highlightQuery={false} {...action} />
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {actions.length === 0 && <Spotlight.Empty>Nothing by that name</Spotlight.Empty>}
      </Spotlight.ActionsList>
      <Spotlight.Footer>
        <span className={css.paletteKeys}>
          <Kbd>↑</Kbd>
          <Kbd>↓</Kbd> choose
        </span>
        <span className={css.paletteKeys}>
          <Kbd>↵</Kbd> do
        </span>
        <span className={css.paletteKeys} style={{ marginInlineStart: 'auto' }}>
          <Kbd>&gt;</Kbd> actions only
        </span>
      </Spotlight.Footer>
    </Spotlight.Root>
  )
}

/** `>` leaves actions only, `@` servers only; words may come in any order. Tools show once something is typed. */
function matching(query: string, groups: SpotlightActionGroupData[]): SpotlightActionGroupData[] {
  const only = query.startsWith('>') ? 'Do' : query.startsWith('@') ? 'Servers' : null
  const words = query.replace(/^[>@]/, '').toLowerCase().split(/\s+/).filter(Boolean)
  const fits = (action: SpotlightActionData) =>
    words.every(word => `${action.label} ${action.description ?? ''}`.toLowerCase().includes(word))
  let left = MOST
  return groups.flatMap(group => {
    if ((only && group.group !== only) || (group.group === 'Tools' && words.length === 0)) return []
    const actions = group.actions.filter(fits).slice(0, left)
    left -= actions.length
    return actions.length > 0 ? [{ ...group, actions }] : []
  })
}
