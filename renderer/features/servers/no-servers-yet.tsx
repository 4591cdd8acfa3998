// The empty page: a paste field first, then where servers may come from.
import { Button } from '@mantine/core'
import { IconPackage, IconTerminal2 } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { Box, EmptyState, Row, Tile } from '../../ui/index.ts'
import { PasteField } from './paste-field.tsx'
import css from './servers.module.css'

export function NoServersYet() {
  const navigate = useNavigate()
  const byHand = (preset?: string) => void navigate({ to: '/servers', search: { add: preset ?? 'by-hand' } })
  return (
    <EmptyState
      title="No servers yet"
      text="Paste what the README of any MCP server tells you to. Gatehouse works out the rest and shows it before it runs."
    >
      <PasteField autoFocus />
      <div className={css.elsewhere}>
        <Box>
          <Row
            lead={
              <Tile size={32}>
                <IconPackage size={18} stroke={1.7} />
              </Tile>
            }
            title="Comes with Gatehouse"
            text="Files, GitHub, Kubernetes, PostgreSQL and six more, off until you choose"
            right={
              <Button size="xs" onClick={() => byHand('catalog')}>
                Choose…
              </Button>
            }
          />
          <Row
            lead={
              <Tile size={32}>
                <IconTerminal2 size={18} stroke={1.7} />
              </Tile>
            }
            title="By hand"
            text="A name, a command with its arguments, folder and environment; or an address"
            right={
              <Button size="xs" onClick={() => byHand()}>
                Fill in…
              </Button>
            }
          />
        </Box>
      </div>
    </EmptyState>
  )
}
